// Package lbconfig parses the configs of load-balancing policies in the way
// that gRPC's service config asks for: a field of the wrong type is an error
// that names the policy and the field; a field that the policy does not know is
// accepted, for the sake of newer configs, and logged as a warning.
//
// [ServiceConfig] goes the other way: it writes a service config that selects a
// policy, with others to fall back on. The package registers no policy, so that
// programs can use it that do without those of this module.
package lbconfig

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"google.golang.org/grpc/grpclog"
)

var logger = grpclog.Component("lbconfig")

// Parse parses a policy's config into a T, a struct with json tags. Fields that
// the config lacks are left at their zero values. It is meant to be called from
// the ParseConfig method of the policy's builder and may be called
// concurrently.
func Parse[T any](policy string, config json.RawMessage) (T, error) {
	var parsed T
	if err := json.Unmarshal(config, &parsed); err != nil {
		var zero T
		return zero, explain(policy, err)
	}
	if unknown := unknownFields(config, reflect.TypeFor[T]()); len(unknown) > 0 {
		logger.Warningf("%s: parse config: ignoring unknown field %s: check its spelling, or the version that introduced it",
			policy, strings.Join(unknown, ", "))
	}
	return parsed, nil
}

// explain turns an error of encoding/json into one that speaks of the config.
func explain(policy string, err error) error {
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrongType) && wrongType.Field == "":
		return fmt.Errorf("%s: parse config: it is a JSON %s, want an object such as {}", policy, wrongType.Value)
	case errors.As(err, &wrongType):
		return fmt.Errorf("%s: parse config: field %q is a JSON %s, want a %v", policy, wrongType.Field, wrongType.Value, wrongType.Type)
	default:
		return fmt.Errorf("%s: parse config: %w", policy, err)
	}
}

// unknownFields returns the quoted names, in order, of the config's top-level
// fields that t has no place for.
func unknownFields(config json.RawMessage, t reflect.Type) []string {
	var fields map[string]json.RawMessage
	if json.Unmarshal(config, &fields) != nil {
		return nil // null, which Parse takes for an empty object
	}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		for have := range fields {
			if strings.EqualFold(have, name) { // as encoding/json matches
				delete(fields, have)
			}
		}
	}
	var unknown []string
	for name := range fields {
		unknown = append(unknown, fmt.Sprintf("%q", name))
	}
	slices.Sort(unknown)
	return unknown
}
