package controlplane

import (
	"fmt"
	"time"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	router "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Service is a service that clients dial as xds:///NAME. It says how RPCs are spread.
type Service struct {
	Name             string
	Policy           string         // the custom policy, by its name in gRPC's registry
	PolicyConfig     map[string]any // its config, as in a service config
	OutlierDetection OutlierDetection
}

// OutlierDetection ejects endpoints that fail at least half of their RPCs.
type OutlierDetection struct {
	Interval      time.Duration // from one check of the endpoints to the next
	EjectionTime  time.Duration // how long they stay ejected
	MinimumHosts  uint32        // endpoints with RequestVolume that it takes to eject one
	RequestVolume uint32        // RPCs in an interval that it takes to judge an endpoint
}

// snapshot holds the listener and the cluster.
func (s Service) snapshot() (snapshot cache.Snapshot, err error) {
	lis, err := s.listener()
	if err != nil {
		return snapshot, err
	}
	clu, err := s.cluster()
	if err != nil {
		return snapshot, err
	}
	if snapshot.Resources[types.Listener], err = versioned(lis); err != nil {
		return snapshot, err
	}
	snapshot.Resources[types.Cluster], err = versioned(clu)
	return snapshot, err
}

// versioned derives a resource's version from its content. A client that reconnects
// sends the version that it has, and gets no answer if the server has the same one.
// If a restarted server counted versions from one, a client could keep old
// resources.
func versioned(resource types.Resource) (cache.Resources, error) {
	packed, err := cache.MarshalResource(resource)
	if err != nil {
		return cache.Resources{}, fmt.Errorf("pack %T: %w", resource, err)
	}
	return cache.NewResources(cache.HashResource(packed), []types.Resource{resource}), nil
}

// listener returns a listener that sends all RPCs to the cluster. The cluster has
// the name of the service.
func (s Service) listener() (*listener.Listener, error) {
	last, err := anypb.New(&router.Router{})
	if err != nil {
		return nil, fmt.Errorf("pack router: %w", err)
	}
	manager, err := anypb.New(&hcm.HttpConnectionManager{
		HttpFilters: []*hcm.HttpFilter{{
			Name:       "router",
			ConfigType: &hcm.HttpFilter_TypedConfig{TypedConfig: last},
		}},
		RouteSpecifier: &hcm.HttpConnectionManager_RouteConfig{RouteConfig: &route.RouteConfiguration{
			Name: s.Name,
			VirtualHosts: []*route.VirtualHost{{
				Domains: []string{"*"},
				Routes: []*route.Route{{
					Match: &route.RouteMatch{PathSpecifier: &route.RouteMatch_Prefix{Prefix: ""}},
					Action: &route.Route_Route{Route: &route.RouteAction{
						ClusterSpecifier: &route.RouteAction_Cluster{Cluster: s.Name},
					}},
				}},
			}},
		}},
	})
	if err != nil {
		return nil, fmt.Errorf("pack connection manager: %w", err)
	}
	return &listener.Listener{Name: s.Name, ApiListener: &listener.ApiListener{ApiListener: manager}}, nil
}

func (s Service) cluster() (*cluster.Cluster, error) {
	policy, err := s.policy()
	if err != nil {
		return nil, err
	}
	return &cluster.Cluster{
		Name:                 s.Name,
		ClusterDiscoveryType: &cluster.Cluster_Type{Type: cluster.Cluster_EDS},
		EdsClusterConfig: &cluster.Cluster_EdsClusterConfig{EdsConfig: &core.ConfigSource{
			ConfigSourceSpecifier: &core.ConfigSource_Ads{Ads: &core.AggregatedConfigSource{}},
		}},
		LoadBalancingPolicy: policy,
		OutlierDetection:    s.OutlierDetection.proto(),
	}, nil
}

func (o OutlierDetection) proto() *cluster.OutlierDetection {
	return &cluster.OutlierDetection{
		Interval:           durationpb.New(o.Interval),
		BaseEjectionTime:   durationpb.New(o.EjectionTime),
		MaxEjectionTime:    durationpb.New(o.EjectionTime),
		MaxEjectionPercent: wrapperspb.UInt32(50),
		// By default gRPC also compares success rates.
		EnforcingSuccessRate:           wrapperspb.UInt32(0),
		EnforcingFailurePercentage:     wrapperspb.UInt32(100),
		FailurePercentageThreshold:     wrapperspb.UInt32(50),
		FailurePercentageMinimumHosts:  wrapperspb.UInt32(o.MinimumHosts),
		FailurePercentageRequestVolume: wrapperspb.UInt32(o.RequestVolume),
	}
}

// extension wraps a policy as an entry of a list of policies.
func extension(name string, config proto.Message) (*cluster.LoadBalancingPolicy_Policy, error) {
	packed, err := anypb.New(config)
	if err != nil {
		return nil, fmt.Errorf("pack policy %s: %w", name, err)
	}
	return &cluster.LoadBalancingPolicy_Policy{
		TypedExtensionConfig: &core.TypedExtensionConfig{Name: name, TypedConfig: packed},
	}, nil
}
