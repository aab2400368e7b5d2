// Package lbconfig parses the configs of load-balancing policies by the rules of
// gRPC's service config. The ParseConfig method of a policy calls [Parse]:
//
//	cfg, err := lbconfig.Parse[config]("my_policy", js)
//
// A field of the wrong type is an error that names the policy and the field. A field
// that the policy does not know, at any depth, is accepted, because it may come from
// a newer config. It is logged as a warning. A field of type [Duration] takes durations
// as gRPC's configs write them, such as "1.5s".
//
// [ServiceConfig] writes a service config that selects a policy, with fallbacks.
//
// The package registers no policy. So programs can use it without the policies of
// this module.
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

// Parse parses a policy's config into a T, a struct with json tags. Fields that the
// config does not have keep their zero values. null counts as {}. Parse may be called
// concurrently.
//
// Fields that encoding/json ignores are accepted. The warning names each by its
// path, such as "child.limit". There is no warning about what a type with its own
// UnmarshalJSON ignores, be it T or the type of a field.
//
// If T is not a struct (for example, if it is a pointer to one), Parse always returns an
// error.
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

// explain turns an error of encoding/json into one about the config.
func explain(policy string, err error) error {
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrongType) && wrongType.Field == "":
		return fmt.Errorf("%s: parse config: it is a JSON %s, want an object such as {}", policy, wrongType.Value)
	case errors.As(err, &wrongType):
		return fmt.Errorf("%s: parse config: field %q is a JSON %s, want a %s", policy, wrongType.Field, wrongType.Value, wanted(wrongType.Type))
	default:
		return fmt.Errorf("%s: parse config: %w", policy, err)
	}
}

// wanted says what a field of the type takes.
func wanted(t reflect.Type) string {
	if t == durationType {
		return `duration in seconds, such as "30s" or "1.5s"`
	}
	return t.String()
}
