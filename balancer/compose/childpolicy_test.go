package compose_test

import (
	"encoding/json"
	"strings"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/pickfirst"
	"google.golang.org/grpc/balancer/roundrobin"
	"google.golang.org/grpc/serviceconfig"

	"github.com/grpc-balancer2/balancer2/balancer/compose"
	"github.com/grpc-balancer2/balancer2/balancer/lbconfig"
)

func init() {
	balancer.Register(nothing("compose_test_no_config", &stubs{name: "child"}))
	balancer.Register(echoBuilder{nothing("compose_test_echo", &stubs{name: "child"})})
}

// echoBuilder has a config that is its JSON.
type echoBuilder struct{ balancer.Builder }

type echoConfig struct {
	serviceconfig.LoadBalancingConfig
	json.RawMessage
}

func (echoBuilder) ParseConfig(js json.RawMessage) (serviceconfig.LoadBalancingConfig, error) {
	if string(js) == "1" {
		return nil, errTest
	}
	return &echoConfig{RawMessage: js}, nil
}

func (c *echoConfig) MarshalJSON() ([]byte, error) { return c.RawMessage.MarshalJSON() }

func TestAConfigChoosesTheChild(t *testing.T) {
	t.Parallel()
	for js, want := range map[string]string{
		`{}`:                                     "", // no child
		`{"childPolicy": null}`:                  "",
		`{"childPolicy": [{"round_robin": {}}]}`: roundrobin.Name,
		`{"childPolicy": [{"not_there": 1}, {"pick_first": {}}, {"also_not": 1}]}`: pickfirst.Name,
		`{"childPolicy": [{"compose_test_no_config": {"ignored": 1}}]}`:            "compose_test_no_config",
	} {
		got, err := lbconfig.Parse[chosenConfig]("test", json.RawMessage(js))
		if err != nil {
			t.Errorf("%s: %v", js, err)
			continue
		}
		name := ""
		if got.Child.Builder != nil {
			name = got.Child.Builder.Name()
		}
		if name != want {
			t.Errorf("%s: child %q, want %q", js, name, want)
		}
	}
}

func TestAConfigThatChoosesNoChildIsRefused(t *testing.T) {
	t.Parallel()
	for js, want := range map[string]string{
		`{"childPolicy": [{"not_there": {}}, {"nor_this": {}}]}`: `no policy of the list is registered: ["not_there" "nor_this"]`,
		`{"childPolicy": []}`: `no policy of the list is registered: []`,
		`{"childPolicy": [{"round_robin": {}, "pick_first": {}}]}`: `policy 0 of the list has 2 names, want one`,
		`{"childPolicy": [{"not_there": {}}, {}]}`:                 `policy 1 of the list has 0 names, want one`,
		`{"childPolicy": [{"compose_test_echo": 1}]}`:              `parse config of compose_test_echo: test error`,
		`{"childPolicy": {"round_robin": {}}}`:                     `cannot unmarshal object`,
	} {
		var config chosenConfig
		if err := json.Unmarshal([]byte(js), &config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", js, err, want)
		}
	}
}

func TestAChildPolicyIsMarshaledAsItWasParsed(t *testing.T) {
	t.Parallel()
	for _, js := range []string{
		`null`,
		`[{"compose_test_no_config":{}}]`,
		`[{"compose_test_echo":{"a":[1]}}]`,
	} {
		var c compose.ChildPolicy
		if err := json.Unmarshal([]byte(js), &c); err != nil {
			t.Errorf("%s: %v", js, err)
			continue
		}
		if got, err := json.Marshal(c); err != nil || string(got) != js {
			t.Errorf("%s became %s, %v", js, got, err)
		}
	}
}
