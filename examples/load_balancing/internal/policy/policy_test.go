package policy_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/policy"
)

func TestParse(t *testing.T) {
	t.Parallel()
	const shuffled = `{"loadBalancingConfig":[{"pick_first2":{"shuffleAddressList":true}}], "methodConfig":[]}`
	tests := []struct {
		list string
		want []policy.Policy
	}{
		{
			list: "pick_first2, round_robin2",
			want: []policy.Policy{
				{Name: "pick_first2", ServiceConfig: `{"loadBalancingConfig":[{"pick_first2":{}}]}`},
				{Name: "round_robin2", ServiceConfig: `{"loadBalancingConfig":[{"round_robin2":{}}]}`},
			},
		},
		{
			list: "round_robin," + shuffled + " , pick_first",
			want: []policy.Policy{
				{Name: "round_robin", ServiceConfig: `{"loadBalancingConfig":[{"round_robin":{}}]}`},
				{Name: "pick_first2", ServiceConfig: shuffled},
				{Name: "pick_first", ServiceConfig: `{"loadBalancingConfig":[{"pick_first":{}}]}`},
			},
		},
		{
			list: `{"loadBalancingConfig":[{"not_here":{}},{"round_robin2":{}},{"pick_first2":{}}]}`,
			want: []policy.Policy{{
				Name:          "round_robin2",
				ServiceConfig: `{"loadBalancingConfig":[{"not_here":{}},{"round_robin2":{}},{"pick_first2":{}}]}`,
			}},
		},
		{
			list: `{"loadBalancingPolicy":"round_robin2"}`,
			want: []policy.Policy{{Name: "round_robin2", ServiceConfig: `{"loadBalancingPolicy":"round_robin2"}`}},
		},
		{
			list: `{}`,
			want: []policy.Policy{{Name: "pick_first", ServiceConfig: `{}`}},
		},
	}
	for _, test := range tests {
		t.Run(test.list, func(t *testing.T) {
			t.Parallel()
			got, err := policy.Parse(test.list)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("policies (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		"":                          {"no policy between the commas"},
		"pick_first2,":              {"no policy between the commas"},
		"round_robin3":              {"round_robin3", "there are pick_first2, round_robin2, pick_first, round_robin", "import its package"},
		"Round_Robin2":              {"no policy is registered as Round_Robin2"},
		"pick_first2,pick_first2":   {"pick_first2 is chosen twice"},
		`{"a":1}{"b":2}`:            {"followed by", "want a comma"},
		`pick_first2,{"nothing":`:   {"service config", "unexpected EOF"},
		`{"loadBalancingConfig":5}`: {"service config", "cannot unmarshal number"},
		`{"loadBalancingConfig":[{"x":{}},{"y":{}}]}`:                               {"no policy is registered as x, y"},
		`{"loadBalancingPolicy":"x"}`:                                               {"no policy is registered as x"},
		`{"loadBalancingConfig":[{"round_robin2":{}}]},{"loadBalancingConfig":[5]}`: {"service config", "cannot unmarshal number"},
	}
	for list, wants := range tests {
		got, err := policy.Parse(list)
		if err == nil {
			t.Errorf("%q: got %v, want an error", list, got)
			continue
		}
		for _, want := range wants {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q: error %q does not say %q", list, err, want)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"pick_first2,round_robin2",
		`{"loadBalancingConfig":[{"pick_first2":{"shuffleAddressList":true}}]},round_robin2`,
		`{"loadBalancingConfig":[{"a,b":{}},{"round_robin2":{}}]}`,
		`{"loadBalancingPolicy":"round_robin2"}, pick_first`,
		`{"loadBalancingConfig":[{"round_robin2":{`, `{}`, `{},`, `,`, "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, list string) {
		policies, err := policy.Parse(list)
		if err != nil {
			return
		}
		var configs []string
		for _, p := range policies {
			if balancer.Get(p.Name) == nil {
				t.Fatalf("%q: policy %q is not registered", list, p.Name)
			}
			if !json.Valid([]byte(p.ServiceConfig)) {
				t.Fatalf("%q: service config %q is not JSON", list, p.ServiceConfig)
			}
			configs = append(configs, p.ServiceConfig)
		}
		again, err := policy.Parse(strings.Join(configs, ","))
		if err != nil {
			t.Fatalf("%q was read as %q, which is refused: %v", list, configs, err)
		}
		if diff := cmp.Diff(policies, again); diff != "" {
			t.Fatalf("%q reads differently the second time:\n%s", list, diff)
		}
	})
}
