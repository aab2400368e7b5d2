package controlplane

import (
	"errors"
	"fmt"

	xdstype "github.com/cncf/xds/go/xds/type/v3"
	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	roundrobin "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/round_robin/v3"
	wrrlocality "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/wrr_locality/v3"
	"google.golang.org/protobuf/types/known/structpb"
)

// policy selects the custom policy as specified in gRFC A52. The outer list has one
// entry: wrr_locality, which spreads RPCs over localities by weight. The inner list
// has the policies for the endpoints of a locality, in order of preference. A
// client skips policies that it does not know. Without the custom policy it uses
// round_robin.
func (s Service) policy() (*cluster.LoadBalancingPolicy, error) {
	config, err := structpb.NewStruct(s.PolicyConfig)
	if err != nil {
		return nil, fmt.Errorf("config of policy %s: %w", s.Policy, err)
	}
	custom, err1 := extension(s.Policy, &xdstype.TypedStruct{
		TypeUrl: "type.googleapis.com/" + s.Policy, // gRPC reads what follows the slash
		Value:   config,
	})
	fallback, err2 := extension("round_robin", &roundrobin.RoundRobin{})
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	localities, err := extension("wrr_locality", &wrrlocality.WrrLocality{
		EndpointPickingPolicy: &cluster.LoadBalancingPolicy{
			Policies: []*cluster.LoadBalancingPolicy_Policy{custom, fallback},
		},
	})
	if err != nil {
		return nil, err
	}
	return &cluster.LoadBalancingPolicy{Policies: []*cluster.LoadBalancingPolicy_Policy{localities}}, nil
}
