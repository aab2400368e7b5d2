package lbconfig_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"google.golang.org/grpc/grpclog"

	"github.com/grpc-balancer2/balancer2/balancer/lbconfig"
)

type config struct {
	Shuffle  bool   `json:"shuffle"`
	Limit    uint32 `json:"limit,omitempty"`
	NoName   int    `json:",omitempty"`
	Untagged int
}

// warnings has what was logged through grpclog. Tests that read it are not parallel.
var warnings bytes.Buffer

func TestMain(m *testing.M) {
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(&bytes.Buffer{}, &warnings, os.Stderr))
	os.Exit(m.Run())
}

func TestParse(t *testing.T) {
	tests := []struct {
		name, config string
		want         config
		wantErr      string
		wantWarning  string
	}{
		{name: "empty object", config: `{}`},
		{name: "null", config: `null`},
		{name: "all fields", config: `{"shuffle": true, "limit": 3}`, want: config{Shuffle: true, Limit: 3}},
		{name: "another case", config: `{"Shuffle": true}`, want: config{Shuffle: true}},
		{name: "null field", config: `{"shuffle": null}`},
		{name: "wrong type", config: `{"shuffle": "yes"}`, wantErr: `my_policy: parse config: field "shuffle" is a JSON string, want a bool`},
		{name: "out of range", config: `{"limit": -1}`, wantErr: `my_policy: parse config: field "limit" is a JSON number -1, want a uint32`},
		{name: "array", config: `[]`, wantErr: `my_policy: parse config: it is a JSON array, want an object such as {}`},
		{name: "not JSON", config: `{shuffle}`, wantErr: `my_policy: parse config: invalid character`},
		{name: "empty", config: ``, wantErr: `my_policy: parse config: unexpected end of JSON input`},
		{
			name: "unknown fields", config: `{"shufle": true, "limit": 1, "colour": {"red": 1}}`,
			want: config{Limit: 1}, wantWarning: `my_policy: parse config: ignoring unknown field "colour", "shufle"`,
		},
		{name: "no name in the tag", config: `{"untagged": 1, "NoName": 2}`, want: config{Untagged: 1, NoName: 2}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			warnings.Reset()
			got, err := lbconfig.Parse[config]("my_policy", json.RawMessage(test.config))
			if gotErr := fmt.Sprint(err); (err != nil || test.wantErr != "") && !strings.HasPrefix(gotErr, test.wantErr) {
				t.Errorf("Parse(%s) error = %v, want %q", test.config, err, test.wantErr)
			}
			if (err != nil) != (test.wantErr != "") || got != test.want {
				t.Errorf("Parse(%s) = %+v, %v, want %+v and error %q", test.config, got, err, test.want, test.wantErr)
			}
			logged := warnings.String()
			if !strings.Contains(logged, test.wantWarning) || strings.Count(logged, "\n") != min(1, len(test.wantWarning)) {
				t.Errorf("Parse(%s) logged %q, want one line with %q", test.config, logged, test.wantWarning)
			}
		})
	}
}

func parseError[T any](config string) error {
	_, err := lbconfig.Parse[T]("my_policy", json.RawMessage(config))
	return err
}

func TestOnlyStructsCanBeParsedInto(t *testing.T) {
	t.Parallel()
	use := "use one with a field for each field of the config"
	for _, js := range []string{`{}`, `{"shuffle": true}`, `null`, `[]`, `1`, `{`, ``} {
		for want, err := range map[string]error{
			"*lbconfig_test.config, want a struct: use lbconfig_test.config instead": parseError[*config](js),
			"**lbconfig_test.config, want a struct: " + use:                          parseError[**config](js),
			"map[string]int, want a struct: " + use:                                  parseError[map[string]int](js),
			"interface {}, want a struct: " + use:                                    parseError[any](js),
			"error, want a struct: " + use:                                           parseError[error](js),
			"json.RawMessage, want a struct: " + use:                                 parseError[json.RawMessage](js),
			"int, want a struct: " + use:                                             parseError[int](js),
		} {
			if want = "my_policy: parse config: the type to parse into is " + want; err == nil || err.Error() != want {
				t.Errorf("parse %q: error %v, want %q", js, err, want)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{`{}`, `{"shuffle": true}`, `{"shuffle": 1}`, `{"x": [1, {"y": null}]}`, `nul`, `"`, `{"limit": 4294967296}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, js []byte) {
		got, err := lbconfig.Parse[config]("my_policy", js)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "my_policy: parse config: ") {
				t.Errorf("Parse(%q) error = %v, want one that names the policy", js, err)
			}
			if got != (config{}) {
				t.Errorf("Parse(%q) = %+v with an error, want the zero config", js, got)
			}
			return
		}
		if !json.Valid(js) {
			t.Errorf("Parse(%q) accepted invalid JSON", js)
		}
	})
}

func ExampleParse() {
	type config struct {
		Shuffle bool `json:"shuffleAddressList"`
	}
	parsed, err := lbconfig.Parse[config]("my_policy", json.RawMessage(`{"shuffleAddressList": true}`))
	fmt.Println(parsed.Shuffle, err)
	_, err = lbconfig.Parse[config]("my_policy", json.RawMessage(`{"shuffleAddressList": 1}`))
	fmt.Println(err)
	// Output:
	// true <nil>
	// my_policy: parse config: field "shuffleAddressList" is a JSON number, want a bool
}
