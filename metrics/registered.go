package metrics

import (
	"errors"
	"fmt"
	"slices"

	"google.golang.org/grpc/balancer"
)

// grpcPolicies are the names under which packages of grpc-go, xDS included, register
// policies. gRPC's registry cannot be listed.
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
	return Default().InstrumentRegistered(names...)
}

// InstrumentRegistered meters what a program runs already. It instruments the
// policies that are registered with gRPC and registers them again under their own
// names, so that no service config changes. These are all policies of grpc-go that
// the program imports, and the policies named in the call:
//
//	func main() {
//		if _, err := metrics.InstrumentRegistered("my_policy"); err != nil {
//			log.Print(err)
//		}
//		// …
//	}
//
// It returns the names of the policies that are metered by m now, sorted. It returns
// an error if no policy is registered under one of the names given, but still meters
// the others. Without names there is no error.
//
// # When to call it
//
// gRPC's registry is not locked. So call it first thing in main or in an init
// function of package main, before the first channel is made and while nothing else
// uses gRPC. By then all packages that the program imports have registered their
// policies. An init function of another package may come too early: a policy that
// is registered after the call is not metered, even if it replaces one that was. A
// further call is harmless: policies that m meters already stay as they are.
//
// # Channels without a service config
//
// gRPC parses its own default service config when it is initialized, and keeps the
// pick_first that was registered then. So a channel that gets no service config,
// neither from the program nor from its resolver, is not metered. Give it an empty
// one, which selects pick_first, too:
//
//	grpc.NewClient(target, creds, grpc.WithDefaultServiceConfig("{}"))
//
// gRPC has no public way to set that for all channels. Every service config that is
// parsed after the call selects metered policies, whether it is the default of
// grpc.NewClient or comes from the resolver, and whether it has a
// loadBalancingConfig, the older loadBalancingPolicy, or neither. A channel that has
// started without one keeps its pick_first when the resolver sends one that selects
// pick_first.
//
// # Policies inside policies
//
// Each RPC counts once. A policy from InstrumentRegistered is not metered while it is
// inside another policy that m meters. So the outermost one counts, under its own name:
// round_robin, and not the pick_first that it makes for each endpoint. Settings for the
// decorator in the config of an inner policy have no effect, and are logged as a
// warning. Policies from [Metrics.Instrument], such as those that this module
// registers, count even inside another metered policy: each RPC then counts under both
// names.
//
// Outlier detection does not hear of its own ejections. If it is metered and its child is
// not, an ejected backend looks usable.
//
// # Parents that look into pickers
//
// A policy may ask endpointsharding.ChildStatesFromPicker what is in the picker of
// its child, such as round_robin. If the parent is metered, its child is not, and the
// parent finds what it looks for. If the parent is not metered, its child is, and the
// parent finds nothing and gets no error. So give the names of all such policies of
// yours and of third parties. Those of grpc-go are known.
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

// instrumentOutermost is like Instrument, but the policy is not metered inside another
// that m meters.
func (m *Metrics) instrumentOutermost(b balancer.Builder) balancer.Builder {
	name := b.Name()
	if m.meters(b, name) {
		return b
	}
	return &builder{Builder: b, metrics: m, name: name, onlyOutermost: true}
}
