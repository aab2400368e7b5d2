package policies

import (
	"encoding/json"
	"maps"

	"google.golang.org/grpc/balancer/leastrequest"
	"google.golang.org/grpc/balancer/pickfirst"
	"google.golang.org/grpc/balancer/ringhash"
	"google.golang.org/grpc/balancer/roundrobin"
	"google.golang.org/grpc/balancer/weightedroundrobin"
)

// UserHeader is the request header that ring_hash hashes.
const UserHeader = "x-user"

// Setup is a policy with the config that this example gives it.
type Setup struct {
	Name    string // unique
	Policy  string // gRPC's name, and the label grpc_lb_policy
	Promise string // what it does with three servers, one of which is loaded

	config map[string]any
}

// The setups of this example.
var (
	PickFirst = Setup{
		Name:    "pick_first",
		Policy:  pickfirst.Name,
		Promise: "one backend gets all",
	}
	RoundRobin = Setup{
		Name:    "round_robin",
		Policy:  roundrobin.Name,
		Promise: "each gets the same",
	}
	// WeightsPerCall gets the load from the trailer of each RPC. Without a
	// blackout period and with the shortest update period, weights apply at once.
	// A real service keeps the defaults of 10 s and 1 s.
	WeightsPerCall = Setup{
		Name:    "weighted_round_robin",
		Policy:  weightedroundrobin.Name,
		Promise: "the loaded one gets half of what the others get",
		config:  map[string]any{"blackoutPeriod": "0s", "weightUpdatePeriod": "0.1s"},
	}
	// WeightsOutOfBand gets the load from a stream of reports. grpc-go's server
	// sends one at once, and then at most one every 30 s.
	WeightsOutOfBand = Setup{
		Name:    "weighted_round_robin-out-of-band",
		Policy:  weightedroundrobin.Name,
		Promise: "the same, with reports on a stream of their own",
		config: map[string]any{
			"blackoutPeriod": "0s", "weightUpdatePeriod": "0.1s",
			"enableOobLoadReport": true, "oobReportingPeriod": "30s",
		},
	}
	// RingHash needs the name of a header. Without one it expects a hash from xDS,
	// and every pick fails.
	RingHash = Setup{
		Name:    "ring_hash_experimental",
		Policy:  ringhash.Name,
		Promise: "one user always gets the same backend",
		config:  map[string]any{"requestHashHeader": UserHeader},
	}
	LeastRequest = Setup{
		Name:    "least_request_experimental",
		Policy:  leastrequest.Name,
		Promise: "the slow one gets less",
		config:  map[string]any{"choiceCount": 2},
	}
)

// All returns the setups in the order of the output.
func All() []Setup {
	return []Setup{PickFirst, RoundRobin, WeightsPerCall, WeightsOutOfBand, RingHash, LeastRequest}
}

// ServiceConfig returns a service config that selects the policy. latency says whether
// to measure latency.
func (s Setup) ServiceConfig(latency bool) string {
	config := maps.Clone(s.config)
	if config == nil {
		config = map[string]any{}
	}
	if latency {
		config["balancer2Metrics"] = map[string]any{"latency": true}
	}
	js, err := json.Marshal(map[string]any{
		"loadBalancingConfig": []any{map[string]any{s.Policy: config}},
	})
	if err != nil {
		panic(err) // maps of strings, numbers and booleans
	}
	return string(js)
}

// HasChildren reports whether the policy has a pick_first child for each endpoint.
func (s Setup) HasChildren() bool { return s.Policy != pickfirst.Name }
