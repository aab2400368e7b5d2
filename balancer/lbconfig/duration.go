package lbconfig

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Duration is a field of a config that holds a duration. In JSON it is a string with a
// number of seconds, such as "30s" or "1.5s", as protobuf and all configs of gRPC write
// it. There is no other unit: "5m" and "500ms" are errors, and so are numbers. It has at
// most nine digits after the point and may be negative, and is at most 292 years, as a
// [time.Duration] is. null leaves it as it is.
//
// A *Duration tells an absent field, nil, from "0s".
type Duration time.Duration

var duration = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]{1,9})?s$`)

// UnmarshalJSON implements [json.Unmarshaler].
func (d *Duration) UnmarshalJSON(js []byte) error {
	var text *string
	if err := json.Unmarshal(js, &text); err != nil {
		return wantDuration(err)
	}
	if text == nil { // null
		return nil
	}
	parsed, err := time.ParseDuration(*text)
	if err != nil || !duration.MatchString(*text) {
		return &json.UnmarshalTypeError{Value: fmt.Sprintf("string %q", *text), Type: durationType}
	}
	*d = Duration(parsed)
	return nil
}

var durationType = reflect.TypeFor[Duration]()

// wantDuration has an error about the type say that a Duration is wanted. encoding/json
// adds the name of the field to errors of this type only.
func wantDuration(err error) error {
	if wrongType, ok := err.(*json.UnmarshalTypeError); ok { //nolint:errorlint // encoding/json does not wrap it
		wrongType.Type = durationType
	}
	return err
}

// MarshalJSON implements [json.Marshaler].
func (d Duration) MarshalJSON() ([]byte, error) { return strconv.AppendQuote(nil, d.String()), nil }

// String returns the duration as JSON has it, without the quotes.
func (d Duration) String() string {
	sign, seconds, nanos := "", d/Duration(time.Second), d%Duration(time.Second)
	if d < 0 {
		sign, seconds, nanos = "-", -seconds, -nanos
	}
	digits := fmt.Sprintf("%d.%09d", int64(seconds), int64(nanos))
	return sign + strings.TrimSuffix(strings.TrimRight(digits, "0"), ".") + "s"
}
