package metrics

import (
	"errors"
	"fmt"
	"slices"

	"google.golang.org/grpc/balancer"
)

// grpcPolicies are the names under which packages of grpc-go register policies,
// those of its xDS included. gRPC's registry cannot be listed.
var grpcPolicies = []string{
	"autosharding_experimental",
	"cds_experimental",
	"grpclb",
	"least_request_experimental",
	"outlier_detection_experimental",
	"pick_first",
	"priority_experimental",
	"random_subsetting_experimental",
	"ring_hash_experimental",
	"rls_experimental",
	"round_robin",
	"weighted_round_robin",
	"weighted_target_experimental",
	"xds_cluster_impl_experimental",
	"xds_cluster_manager_experimental",
	"xds_wrr_locality_experimental",
}

// InstrumentRegistered is [Metrics.InstrumentRegistered] of [Default].
func InstrumentRegistered(names ...string) (metered []string, err error) {
	return Default.InstrumentRegistered(names...)
}

// InstrumentRegistered meters what a program runs already. It instruments the
// policies that are registered with gRPC and registers them again under their own
// names, so that no service config changes. These are all policies of grpc-go that
// the program imports, and those of the names given:
//
//	func init() { // of package main
//		metrics.InstrumentRegistered("my_policy")
//	}
//
// It returns the names of the policies that are metered by m now, sorted. A name
// given of which no policy is registered is an error; the others are metered
// nevertheless. Without names there is no error.
//
// # When to call it
//
// As [balancer.Register], which it calls, it must not run beside other uses of
// gRPC: call it from an init function of package main, or first thing in main,
// before the first channel is made. By then the packages that the program imports
// have registered their policies. In an init function of another package it may
// come too early: a policy that is registered after the call is not metered, and a
// policy that is registered again, under a name that was metered, is metered no
// more. To call it again is harmless: policies that m meters already stay as they
// are.
//
// # Channels without a service config
//
// gRPC parses its default service config when it is initialized, and keeps the
// pick_first that was registered then. So a channel that gets no service config,
// neither from the program nor from its resolver, is not metered. Give it one, even
// an empty one, which selects pick_first as well:
//
//	grpc.NewClient(target, creds, grpc.WithDefaultServiceConfig("{}"))
//
// Every service config that is parsed after the call selects metered policies: a
// default of grpc.NewClient or one that the resolver sends, with
// loadBalancingConfig, with the older loadBalancingPolicy, or with neither. gRPC
// has no public way to set dial options for all channels.
//
// # Policies inside policies
//
// Each RPC counts once. Of policies inside one another that m meters, a policy from
// InstrumentRegistered is bare if it is inside another, so that the outermost one
// counts, under its own name: round_robin, and not the pick_first that it makes for
// each endpoint. Settings for the decorator in the config of an inner policy have no
// effect, and are logged as a warning. A policy from [Metrics.Instrument] counts
// also inside another.
//
// # Parents that look into pickers
//
// A parent that asks endpointsharding.ChildStatesFromPicker about its child's
// picker finds the child's endpoints if it is metered itself, since its child is
// bare then. If it is a policy of yours or of a third party, and its name is not
// given, but its child is metered, it finds none, and no error tells of that. Give
// the names of such parents.
func (m *Metrics) InstrumentRegistered(names ...string) (metered []string, err error) {
	all := slices.Concat(grpcPolicies, names)
	slices.Sort(all)
	var missing []error
	for _, name := range slices.Compact(all) {
		b := balancer.Get(name)
		if b != nil {
			balancer.Register(m.instrumentOutermost(b))
			metered = append(metered, name)
		} else if slices.Contains(names, name) {
			missing = append(missing, fmt.Errorf("metrics: instrument registered policy %q: it is not registered; import the package that registers it", name))
		}
	}
	return metered, errors.Join(missing...)
}

// instrumentOutermost is Instrument for a policy that is to be bare inside another
// that m meters.
func (m *Metrics) instrumentOutermost(b balancer.Builder) balancer.Builder {
	name := b.Name()
	if m.meters(b, name) {
		return b
	}
	return &builder{Builder: b, metrics: m, name: name, onlyOutermost: true}
}
