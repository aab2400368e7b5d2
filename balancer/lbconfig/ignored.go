package lbconfig

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
)

// ignored returns the quoted paths, in order, of the config's fields that
// encoding/json ignores when it parses the config into a T. The config must be
// one that it can parse.
//
// The rules about tags, embedded structs and letter case are encoding/json's, so
// it is the one to be asked: about the whole config, and if it refuses that,
// about one field at a time.
func ignored[T any](config json.RawMessage) []string {
	s := search{takes: takes[T], found: make(map[string]bool)}
	if !s.takes(config) {
		s.in(config, place{})
	}
	return slices.Sorted(maps.Keys(s.found))
}

// takes tells whether a T has a place for each field of the config. A config that
// cannot be parsed, as may be the case with a part of one, has no such field.
func takes[T any](config []byte) bool {
	strict := json.NewDecoder(bytes.NewReader(config))
	strict.DisallowUnknownFields()
	return strict.Decode(new(T)) == nil || json.Unmarshal(config, new(T)) != nil
}

// search looks for ignored fields.
type search struct {
	takes func(config []byte) bool
	found map[string]bool // quoted paths; one may come twice
}

// in searches the value, which is JSON that has come through a decoder.
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
	case s.takes(at.around(value)):
	case s.takes(at.around([]byte("null"))): // what is ignored is inside
		s.in(value, at)
	default:
		s.found[strconv.Quote(at.path)] = true
	}
}

func next(d *json.Decoder) (value json.RawMessage) {
	_ = d.Decode(&value)
	return value
}

// place is where a value is in a config: open, a value and end make a config with
// nothing else in it.
type place struct{ path, open, end string }

func (p place) around(value []byte) []byte {
	return slices.Concat([]byte(p.open), value, []byte(p.end))
}

func (p place) field(name string) place {
	quoted, _ := json.Marshal(name) // strings can be encoded
	path := name
	if p.path != "" {
		path = p.path + "." + name
	}
	return place{path, p.open + "{" + string(quoted) + ":", "}" + p.end}
}

func (p place) element() place { return place{p.path, p.open + "[", "]" + p.end} }
