package controlplane

import (
	"net/netip"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Locality is a zone with its endpoints. RPCs are spread over zones by weight, and
// within a zone by the policy.
type Locality struct {
	Zone      string
	Weight    uint32
	Endpoints []netip.AddrPort
}

func assignment(service string, localities []Locality) *endpoint.ClusterLoadAssignment {
	all := &endpoint.ClusterLoadAssignment{ClusterName: service}
	for _, l := range localities {
		entry := &endpoint.LocalityLbEndpoints{
			Locality:            &core.Locality{Zone: l.Zone},
			LoadBalancingWeight: wrapperspb.UInt32(l.Weight),
		}
		for _, addr := range l.Endpoints {
			entry.LbEndpoints = append(entry.LbEndpoints, lbEndpoint(addr))
		}
		all.Endpoints = append(all.Endpoints, entry)
	}
	return all
}

func lbEndpoint(addr netip.AddrPort) *endpoint.LbEndpoint {
	return &endpoint.LbEndpoint{HostIdentifier: &endpoint.LbEndpoint_Endpoint{Endpoint: &endpoint.Endpoint{
		Address: &core.Address{Address: &core.Address_SocketAddress{SocketAddress: &core.SocketAddress{
			Address:       addr.Addr().String(),
			PortSpecifier: &core.SocketAddress_PortValue{PortValue: uint32(addr.Port())},
		}}},
	}}}
}
