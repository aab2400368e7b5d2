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

// UserHeader is the request header by which ring_hash chooses.
const UserHeader = "x-user"

// Setup is a policy with the config that this example gives it.
type Setup struct {
	Name    string // unique
	Policy  string // gRPC's name, and the label grpc_lb_policy
	Promise string // what it does with three servers, one of which is loaded

	config map[string]any
}

// The setups, by what they are for.
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
	// WeightsPerCall learns the load from the trailer of each RPC. A blackout
	// of nothing and the shortest period make weights count at once; a service
	// keeps the defaults of 10 s and 1 s.
	WeightsPerCall = Setup{
		Name:    "weighted_round_robin",
		Policy:  weightedroundrobin.Name,
		Promise: "the loaded one gets half of what the others get",
		config:  map[string]any{"blackoutPeriod": "0s", "weightUpdatePeriod": "0.1s"},
	}
	// WeightsOutOfBand learns it from a stream of reports. grpc-go's server
	// sends one at once and then one each 30 s at the most.
	WeightsOutOfBand = Setup{
		Name:    "weighted_round_robin-out-of-band",
		Policy:  weightedroundrobin.Name,
		Promise: "the same, with reports on a stream of their own",
		config: map[string]any{
			"blackoutPeriod": "0s", "weightUpdatePeriod": "0.1s",
			"enableOobLoadReport": true, "oobReportingPeriod": "30s",
		},
	}
	// RingHash needs the name of a header: without one it expects a hash from
	// xDS, and fails every pick.
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

// All returns the setups in the order in which they are shown.
func All() []Setup {
	return []Setup{PickFirst, RoundRobin, WeightsPerCall, WeightsOutOfBand, RingHash, LeastRequest}
}

// ServiceConfig selects the policy, with latency measured or not.
func (s Setup) ServiceConfig(latency bool) string {
	config := maps.Clone(s.config)
	if config == nil {
		config = map[string]any{}
	}
	if latency {
		config["metrics"] = map[string]any{"latency": true}
	}
	js, err := json.Marshal(map[string]any{
		"loadBalancingConfig": []any{map[string]any{s.Policy: config}},
	})
	if err != nil {
		panic(err) // maps of strings, numbers and booleans
	}
	return string(js)
}

// HasChildren tells whether the policy leaves connections to pick_first, one
// for each endpoint.
func (s Setup) HasChildren() bool { return s.Policy != pickfirst.Name }
