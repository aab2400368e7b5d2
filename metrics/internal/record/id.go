package record

import "strings"

// otherName is the common name of all backends of a target above their limit, and of
// all targets above theirs.
const otherName = "other"

// ID identifies a backend of a target. It holds label values.
type ID struct {
	Name   string
	Values []string // of [Settings.BackendLabels]
}

// separator separates values in a key. Label values are valid UTF-8, so none has this byte.
const separator = "\xff"

// Key returns a map key for the ID.
func (id ID) Key() string {
	if len(id.Values) == 0 {
		return id.Name
	}
	return id.Name + separator + strings.Join(id.Values, separator)
}

// nextValue splits the first value off a key.
func nextValue(key string) (value, rest string) {
	value, rest, _ = strings.Cut(key, separator)
	return value, rest
}
