package lbconfig

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
)

// ignored returns the quoted paths, sorted, of the fields that encoding/json ignores
// when it parses the config into a T. It must be able to parse the config.
//
// encoding/json has many rules about tags, embedded structs and letter case. So
// ignored does not repeat them, but runs encoding/json in its strict mode: on the
// whole config, and if there is an error, on one field at a time.
func ignored[T any](config json.RawMessage) []string {
	s := search{accepts: accepts[T], found: make(map[string]bool)}
	if !s.accepts(config) {
		s.in(config, place{})
	}
	return slices.Sorted(maps.Keys(s.found))
}

// accepts tells whether a T has a place for each field of the config. If the config
// cannot be parsed, which may happen with a part of one, the result is true.
func accepts[T any](config []byte) bool {
	strict := json.NewDecoder(bytes.NewReader(config))
	strict.DisallowUnknownFields()
	return strict.Decode(new(T)) == nil || json.Unmarshal(config, new(T)) != nil
}

// search looks for ignored fields.
type search struct {
	accepts func(config []byte) bool
	found   map[string]bool // quoted paths; a set, since a path may occur twice
}

// in searches the value, which must be valid JSON.
func (s search) in(value []byte, at place) {
	d := json.NewDecoder(bytes.NewReader(value))
	switch start, _ := d.Token(); start {
	case json.Delim('{'):
		for d.More() {
			name, _ := d.Token()
			s.field(next(d), at.field(name.(string)))
		}
	case json.Delim('['):
		for d.More() {
			s.in(next(d), at.element())
		}
	}
}

func (s search) field(value []byte, at place) {
	switch {
	case s.accepts(at.around(value)):
	case s.accepts(at.around([]byte("null"))): // the ignored field is further in
		s.in(value, at)
	default:
		s.found[strconv.Quote(at.path)] = true
	}
}

func next(d *json.Decoder) (value json.RawMessage) {
	_ = d.Decode(&value)
	return value
}

// place is the place of a value in a config. open, the value and end make a config
// that has only this value.
type place struct{ path, open, end string }

func (p place) around(value []byte) []byte {
	return slices.Concat([]byte(p.open), value, []byte(p.end))
}

func (p place) field(name string) place {
	quoted, _ := json.Marshal(name) // a string never fails to encode
	path := name
	if p.path != "" {
		path = p.path + "." + name
	}
	return place{path, p.open + "{" + string(quoted) + ":", "}" + p.end}
}

func (p place) element() place { return place{p.path, p.open + "[", "]" + p.end} }
