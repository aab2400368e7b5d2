// Package lbconfig parses the configs of load-balancing policies in the way
// that gRPC's service config asks for: a field of the wrong type is an error
// that names the policy and the field; a field that the policy does not know, at
// the top or further in, is accepted for the sake of newer configs, and logged as
// a warning.
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
	"strings"

	"google.golang.org/grpc/grpclog"
)

var logger = grpclog.Component("lbconfig")

// Parse parses a policy's config into a T, a struct with json tags. Fields that
// the config lacks are left at their zero values, and null is taken for {}. It is
// meant to be called from the ParseConfig method of the policy's builder and may
// be called concurrently.
//
// Fields that encoding/json ignores are accepted; the warning names each by its
// path, such as "child.limit". What a T with an UnmarshalJSON of its own does not
// use is its own business, and so is what is inside a field of such a type.
//
// For a T that is not a struct, such as a pointer to one, Parse returns an error
// whatever the config is.
func Parse[T any](policy string, config json.RawMessage) (T, error) {
	var parsed, zero T
	if err := checkType(policy, reflect.TypeFor[T]()); err != nil {
		return zero, err
	}
	if err := json.Unmarshal(config, &parsed); err != nil {
		return zero, explain(policy, err)
	}
	if unknown := ignored[T](config); len(unknown) > 0 {
		logger.Warningf("%s: parse config: ignoring unknown field %s: check its spelling, or the version that introduced it",
			policy, strings.Join(unknown, ", "))
	}
	return parsed, nil
}

func checkType(policy string, t reflect.Type) error {
	switch {
	case t.Kind() == reflect.Struct:
		return nil
	case t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct:
		return fmt.Errorf("%s: parse config: the type to parse into is %v, want a struct: use %v instead", policy, t, t.Elem())
	default:
		return fmt.Errorf("%s: parse config: the type to parse into is %v, want a struct: use one with a field for each field of the config", policy, t)
	}
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
