package lbconfig_test

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"slices"
	"testing"

	"github.com/grpc-balancer2/balancer2/balancer/lbconfig"
)

type (
	Promoted struct {
		Deep    int `json:"deep"`
		Same    int `json:"same"` // ignored: two structs at one depth have it
		Hidden  int `json:"limit"`
		Tie     int
		private int
	}
	Other struct {
		Same   int `json:"same"`
		Tagged int `json:"Tie"` // wins over Promoted's, which has no tag
	}
	Named  struct{ Inner int }
	hidden struct{ FromHidden int }
	Word   string
	lower  string
	child  struct {
		Weight int      `json:"weight"`
		Nested []*child `json:"nested"`
	}
)

// zoo has one field for each rule of encoding/json.
type zoo struct {
	Promoted
	*Other
	hidden
	Named    `json:"named"`
	Word     // embedded, but not a struct
	lower    // not exported
	Plain    int
	Omitted  int            `json:",omitempty"`
	Tagged   int            `json:"tagged"`
	Limit    string         `json:"limit"` // nearer than Promoted's
	Quoted   int            `json:"quoted,string"`
	Out      int            `json:"-"`
	Dash     int            `json:"-,"`        //nolint:staticcheck // this is a rule of encoding/json
	BadName  int            `json:"bad\\name"` //nolint:staticcheck // so is this: it has no name
	Umlaut   int            `json:"größe"`
	Kelvin   int            `json:"kelvin"`
	Child    child          `json:"child"`
	Children []child        `json:"children"`
	Pair     [1]child       `json:"pair"`
	ByName   map[string]any `json:"byName"`
	ByChild  map[string]*child
	Any      any
	Raw      json.RawMessage
	Own      selfParsing
	Address  netip.Addr // has UnmarshalText
	private  int
}

// selfParsing is the type of a field that parses itself.
type selfParsing struct{ fields map[string]int }

func (s *selfParsing) UnmarshalJSON(js []byte) error { return json.Unmarshal(js, &s.fields) }

func TestWarnsOfWhatIsIgnored(t *testing.T) {
	t.Parallel()
	_ = zoo{private: Promoted{}.private, lower: ""} // for the linter: these fields have no other use
	for config, want := range map[string][]string{
		`null`: nil,
		`{}`:   nil,
		`{"Plain": 1, "Omitted": 1, "tagged": 1, "quoted": "1", "-": 1, "größe": 1, "BadName": 1}`: nil,
		`{"plain": 1, "TAGGED": 1, "GRÖßE": 1, "\u212aelvin": 1}`:                                  nil, // the Kelvin sign equals k
		`{"deep": 1, "fromHidden": 1, "named": {"inner": 1}, "limit": "1", "word": "a"}`:           nil,
		`{"plain": null, "other": null}`:                                                           {`"other"`},
		`{"lower": "a"}`:                                                                           {`"lower"`},
		`{"tie": 1}`:                                                                               nil,
		`{"same": 1}`:                                                                              {`"same"`},
		`{"inner": 1}`:                                                                             {`"inner"`},
		`{"Promoted": {"deep": 1}, "hidden": 1}`:                                                   {`"Promoted"`, `"hidden"`},
		`{"out": 1, "Out": 1, "private": 1, "": 1}`:                                                {`""`, `"Out"`, `"out"`, `"private"`},
		`{"bad\\name": 1, "tagged,": 1, "omitempty": 1}`:                                           {`"bad\\name"`, `"omitempty"`, `"tagged,"`},
		`{"x": 1, "tagged": 1, "x": 2, "tagged": 2}`:                                               {`"x"`},
		`{"<&>\u2028\"": 1}`:                                                                       {`"<&>\u2028\""`},
		`{"child": {"weight": 1, "wait": 1}}`:                                                      {`"child.wait"`},
		`{"child": {"a": 1}, "child": {"b": 1}}`:                                                   {`"child.a"`, `"child.b"`},
		`{"wait": {"wait": 1}, "children": [{"weight": 1}, {"wait": 1}]}`:                          {`"children.wait"`, `"wait"`},
		`{"child": {"nested": [{"nested": [{"wait": 1}, {"wait": 2}]}]}}`:                          {`"child.nested.nested.wait"`},
		`{"byName": {"a": {"wait": 1}}, "any": [{"wait": 1}], "x": 1}`:                             {`"x"`},
		`{"byChild": {"a": {"wait": 1}, "b": {"weight": 1}}}`:                                      {`"byChild.a.wait"`},
		`{"raw": {"wait": 1e999}, "own": {"wait": 1}, "address": "::1"}`:                           nil,
		`{"raw": {"wait": 1e999}, "own": {"wait": 1}, "x": -1e-999}`:                               {`"x"`},
		`{"pair": [{"weight": 1}, {"wait": 1}]}`:                                                   nil, // encoding/json skips the second element
		`{"pair": [{"wait": 1}, {"weight": {"q": 1}}]}`:                                            {`"pair.wait"`},
		`{"pair": [{"wait": 1}, {"weight": 1}]}`:                                                   {`"pair.wait"`},
	} {
		if got := lbconfig.Ignored[zoo](json.RawMessage(config)); !slices.Equal(got, want) {
			t.Errorf("ignored fields of %s: %q, want %q", config, got, want)
		}
	}
}

// selfParsingConfig is a config that parses itself.
type selfParsingConfig struct{}

func (*selfParsingConfig) UnmarshalJSON([]byte) error { return nil }

func TestAConfigThatParsesItselfIgnoresNothing(t *testing.T) {
	t.Parallel()
	if got := lbconfig.Ignored[selfParsingConfig](json.RawMessage(`{"calls": 1, "x": {"y": 1}}`)); len(got) > 0 {
		t.Errorf("ignored fields: %q, want none", got)
	}
	type embeds struct {
		selfParsingConfig
		Other int `json:"other"`
	}
	if got := lbconfig.Ignored[embeds](json.RawMessage(`{"x": 1}`)); len(got) > 0 {
		t.Errorf("ignored fields of a struct with a promoted UnmarshalJSON: %q, want none", got)
	}
}

// whole parses itself, and panics if it gets only a part of its config.
type whole struct{ fields map[string]int }

func (w *whole) UnmarshalJSON(js []byte) error {
	if err := json.Unmarshal(js, &w.fields); err != nil {
		return err
	}
	if w.fields["needed"] == 0 {
		panic("a part of a config")
	}
	return nil
}

func TestAFieldThatParsesItselfSeesAllOfIt(t *testing.T) {
	t.Parallel()
	type config struct {
		Whole *whole `json:"whole"`
	}
	got := lbconfig.Ignored[config](json.RawMessage(`{"whole": {"needed": 1, "a": 2}, "b": 3}`))
	if want := []string{`"b"`}; !slices.Equal(got, want) {
		t.Errorf("ignored fields: %q, want %q", got, want)
	}
}

// FuzzWarnsOfWhatIsIgnored checks that Parse warns if and only if encoding/json with
// DisallowUnknownFields refuses the config, and only about fields that it refuses.
func FuzzWarnsOfWhatIsIgnored(f *testing.F) {
	for _, seed := range []string{`{}`, `null`, `{"plain": 1}`, `{"x": 1}`, `{"child": {"x": [{"y": 1}]}}`, `{"children": [{"a": 1}, {"nested": [null, {"b": 2}]}]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, config []byte) {
		if json.Unmarshal(config, new(zoo)) != nil {
			return
		}
		strict := json.NewDecoder(bytes.NewReader(config))
		strict.DisallowUnknownFields()
		refused := strict.Decode(new(zoo))
		got := lbconfig.Ignored[zoo](config)
		if (len(got) > 0) != (refused != nil) {
			t.Errorf("ignored fields of %s: %q, but the error of encoding/json is %v", config, got, refused)
		}
		fields := make(map[string]json.RawMessage)
		if json.Unmarshal(config, &fields) != nil {
			return // null
		}
		for name := range fields {
			one, err := json.Marshal(map[string]any{name: nil})
			if err != nil {
				t.Fatal(err)
			}
			strict := json.NewDecoder(bytes.NewReader(one))
			strict.DisallowUnknownFields()
			quoted := lbconfig.Ignored[zoo](one)
			if refused := strict.Decode(new(zoo)); refused != nil && (len(quoted) != 1 || !slices.Contains(got, quoted[0])) {
				t.Errorf("ignored fields of %s: %q, but the error of encoding/json for %q is %v", config, got, name, refused)
			}
		}
	})
}
