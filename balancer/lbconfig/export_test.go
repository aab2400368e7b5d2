package lbconfig

import "encoding/json"

// Ignored returns the quoted paths of the fields about which Parse[T] warns.
func Ignored[T any](config json.RawMessage) []string { return ignored[T](config) }
