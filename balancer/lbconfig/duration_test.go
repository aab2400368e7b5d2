package lbconfig_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/grpc-balancer2/balancer2/balancer/lbconfig"
)

// paced is a config with durations in each place where one can be.
type paced struct {
	Every  lbconfig.Duration  `json:"every"`
	Within *lbconfig.Duration `json:"within,omitempty"`
	Inner  struct {
		Pauses []lbconfig.Duration `json:"pauses,omitempty"`
	} `json:"inner"`
}

func TestADurationIsANumberOfSeconds(t *testing.T) {
	t.Parallel()
	for js, want := range map[string]time.Duration{
		`"0s"`:                     0,
		`"30s"`:                    30 * time.Second,
		`"1.5s"`:                   1500 * time.Millisecond,
		`"-0.25s"`:                 -250 * time.Millisecond,
		`"1.250000000s"`:           1250 * time.Millisecond,
		`"0.000000001s"`:           1,
		`"9007199254.740993001s"`:  9007199254740993001, // more digits than a float64 has
		`"9223372036.854775807s"`:  math.MaxInt64,
		`"-9223372036.854775808s"`: math.MinInt64,
		`"3\u0030s"`:               30 * time.Second,
		`null`:                     0,
	} {
		got, err := lbconfig.Parse[paced]("my_policy", json.RawMessage(`{"every": `+js+`}`))
		if err != nil || time.Duration(got.Every) != want {
			t.Errorf("%s is %v, error %v, want %v", js, time.Duration(got.Every), err, want)
		}
	}
}

func TestAWrongDurationIsAnErrorThatNamesTheFieldAndTheValue(t *testing.T) {
	t.Parallel()
	for js, value := range map[string]string{
		`"5m"`:                     `string "5m"`,
		`"500ms"`:                  `string "500ms"`,
		`"1m30s"`:                  `string "1m30s"`,
		`"30"`:                     `string "30"`,
		`""`:                       `string ""`,
		`"s"`:                      `string "s"`,
		`" 30s"`:                   `string " 30s"`,
		`"30 s"`:                   `string "30 s"`,
		`"30s\n"`:                  `string "30s\n"`,
		`"+30s"`:                   `string "+30s"`,
		`"030s"`:                   `string "030s"`,
		`".5s"`:                    `string ".5s"`,
		`"1.s"`:                    `string "1.s"`,
		`"1e3s"`:                   `string "1e3s"`,
		`"1.0000000000s"`:          `string "1.0000000000s"`, // ten digits
		`"9223372036.854775808s"`:  `string "9223372036.854775808s"`,
		`"-9223372036.854775809s"`: `string "-9223372036.854775809s"`,
		`"315576000000s"`:          `string "315576000000s"`, // protobuf's longest
		`30`:                       `number`,
		`true`:                     `bool`,
		`["30s"]`:                  `array`,
		`{"seconds": 30}`:          `object`,
	} {
		for config, field := range map[string]string{
			`{"every": ` + js + `}`:               "every",
			`{"within": ` + js + `}`:              "within",
			`{"inner": {"pauses": [` + js + `]}}`: "inner.pauses",
		} {
			_, err := lbconfig.Parse[paced]("my_policy", json.RawMessage(config))
			want := fmt.Sprintf(`my_policy: parse config: field %q is a JSON %s, want a duration in seconds, such as "30s" or "1.5s"`, field, value)
			if err == nil || err.Error() != want {
				t.Errorf("%s: error %v, want %s", config, err, want)
			}
		}
	}
}

func TestAnAbsentDurationDiffersFromZero(t *testing.T) {
	t.Parallel()
	for js, want := range map[string]string{`{}`: "<nil>", `{"within": null}`: "<nil>", `{"within": "0s"}`: "0s"} {
		got, err := lbconfig.Parse[paced]("my_policy", json.RawMessage(js))
		if err != nil || fmt.Sprint(got.Within) != want {
			t.Errorf("%s: %v, error %v, want %s", js, got.Within, err, want)
		}
	}
}

func TestADurationIsWrittenAsItIsParsed(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0:                       "0s",
		time.Minute:             "60s",
		1500 * time.Millisecond: "1.5s",
		-time.Millisecond:       "-0.001s",
		-90 * time.Second:       "-90s",
		math.MaxInt64:           "9223372036.854775807s",
		math.MinInt64:           "-9223372036.854775808s",
	} {
		if got := lbconfig.Duration(d).String(); got != want {
			t.Errorf("%v is written as %q, want %q", d, got, want)
		}
		js, err := json.Marshal(paced{Every: lbconfig.Duration(d)})
		if want := `{"every":"` + want + `","inner":{}}`; err != nil || string(js) != want {
			t.Errorf("%v becomes %s, error %v, want %s", d, js, err, want)
		}
	}
}

// FuzzDuration compares with protobuf's own parser. That one accepts a few more
// spellings: a plus, and a number without digits before or after the point. Its
// durations can be longer, too.
func FuzzDuration(f *testing.F) {
	for _, seed := range []string{`"30s"`, `"-1.5s"`, `"0.000000001s"`, `"9223372036.854775807s"`, `"1m"`, `null`, `3`, `"\u0031s"`, `"01s"`, `"-0s"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, js string) {
		var got lbconfig.Duration
		var want durationpb.Duration
		err, wantErr := json.Unmarshal([]byte(js), &got), protojson.Unmarshal([]byte(js), &want)
		switch {
		case strings.TrimSpace(js) == "null" && err == nil && got == 0:
		case err != nil && wantErr == nil:
			if got != 0 {
				t.Errorf("%s: error %v, but the value is %v", js, err, got)
			}
			if !moreThanWeAccept(&want, js) {
				t.Errorf("%s: error %v, but protobuf parses it as %v", js, err, want.AsDuration())
			}
		case err == nil && (wantErr != nil || want.AsDuration() != time.Duration(got)):
			t.Errorf("%s is %v, but protobuf says %v, %v", js, got, want.AsDuration(), wantErr)
		case err == nil:
			var again lbconfig.Duration
			js, err := json.Marshal(got)
			if err == nil {
				err = json.Unmarshal(js, &again)
			}
			if err != nil || again != got {
				t.Errorf("%d ns becomes %s, and that %d ns, error %v", got, js, again, err)
			}
		}
	})
}

func moreThanWeAccept(parsed *durationpb.Duration, js string) bool {
	var text string
	if json.Unmarshal([]byte(js), &text) != nil {
		return true // protojson has other rules for JSON itself, such as for UTF-8
	}
	text = strings.TrimPrefix(text, "-")
	tooLong := parsed.AsDuration() == math.MaxInt64 || parsed.AsDuration() == math.MinInt64
	return tooLong || strings.HasPrefix(text, "+") || strings.HasPrefix(text, ".") || strings.HasSuffix(text, ".s")
}

func ExampleDuration() {
	type config struct {
		Pause lbconfig.Duration `json:"pause"`
	}
	parsed, err := lbconfig.Parse[config]("my_policy", json.RawMessage(`{"pause": "1.5s"}`))
	fmt.Println(time.Duration(parsed.Pause).Milliseconds(), err)
	_, err = lbconfig.Parse[config]("my_policy", json.RawMessage(`{"pause": "5m"}`))
	fmt.Println(err)
	// Output:
	// 1500 <nil>
	// my_policy: parse config: field "pause" is a JSON string "5m", want a duration in seconds, such as "30s" or "1.5s"
}
