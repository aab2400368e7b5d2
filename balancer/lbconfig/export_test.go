package lbconfig

import "encoding/json"

// Ignored returns the quoted paths of the config's fields that Parse[T] warns of.
func Ignored[T any](config json.RawMessage) []string { return ignored[T](config) }
