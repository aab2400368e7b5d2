// Package policy parses the list of load-balancing policies for this example's
// client. Its imports register the policies with gRPC.
package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/pickfirst"
	_ "google.golang.org/grpc/balancer/roundrobin" // registers round_robin, for comparison

	// To try a policy of your own, import its package here as well.
	_ "github.com/grpc-balancer2/balancer2/balancer" // registers pick_first2 and round_robin2
)

// Policy selects a load-balancing policy.
type Policy struct {
	Name          string // of the policy that gRPC uses
	ServiceConfig string // JSON that selects it
}

// Parse parses a comma-separated list. An entry is the name of a policy, or a whole
// service config, which starts with {. An entry must name a registered policy;
// grpc.NewClient checks the rest of a config. Two entries must not name the same
// policy, because they would share their metrics.
func Parse(list string) ([]Policy, error) {
	var policies []Policy
	for more := true; more; {
		var entry string
		var err error
		entry, list, more, err = cut(list)
		if err != nil {
			return nil, err
		}
		p, err := parseEntry(entry)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(policies, func(other Policy) bool { return other.Name == p.Name }) {
			return nil, fmt.Errorf("policy %s is chosen twice, which mixes up its metrics; try the two one after the other", p.Name)
		}
		policies = append(policies, p)
	}
	return policies, nil
}

// cut splits the list after its first entry. more reports whether a comma follows.
// Commas inside a service config do not count.
func cut(list string) (entry, rest string, more bool, err error) {
	list = strings.TrimSpace(list)
	if !strings.HasPrefix(list, "{") {
		entry, rest, more = strings.Cut(list, ",")
		return strings.TrimSpace(entry), rest, more, nil
	}
	decoder := json.NewDecoder(strings.NewReader(list))
	if err := decoder.Decode(&json.RawMessage{}); err != nil {
		return "", "", false, fmt.Errorf("service config %s: %w", list, err)
	}
	entry, rest = list[:decoder.InputOffset()], strings.TrimSpace(list[decoder.InputOffset():])
	if rest == "" {
		return entry, "", false, nil
	}
	rest, more = strings.CutPrefix(rest, ",")
	if !more {
		return "", "", false, fmt.Errorf("service config %s is followed by %q; want a comma between two policies", entry, rest)
	}
	return entry, rest, true, nil
}

func parseEntry(entry string) (Policy, error) {
	if entry == "" {
		return Policy{}, errors.New("no policy between the commas; want names or service configs in JSON")
	}
	if !strings.HasPrefix(entry, "{") {
		if !isRegistered(entry) {
			return Policy{}, unknown([]string{entry})
		}
		return Policy{Name: entry, ServiceConfig: fmt.Sprintf(`{"loadBalancingConfig":[{%q:{}}]}`, entry)}, nil
	}
	names, err := named(entry)
	if err != nil {
		return Policy{}, fmt.Errorf("service config %s: %w", entry, err)
	}
	if len(names) == 0 {
		return Policy{Name: pickfirst.Name, ServiceConfig: entry}, nil // gRPC's default
	}
	i := slices.IndexFunc(names, isRegistered)
	if i < 0 {
		return Policy{}, unknown(names)
	}
	return Policy{Name: names[i], ServiceConfig: entry}, nil
}

// named returns the policies in a service config, in the order in which gRPC tries them.
func named(config string) ([]string, error) {
	var fields struct {
		LoadBalancingPolicy string
		LoadBalancingConfig []map[string]json.RawMessage
	}
	if err := json.Unmarshal([]byte(config), &fields); err != nil {
		return nil, err
	}
	if fields.LoadBalancingConfig == nil && fields.LoadBalancingPolicy != "" {
		return []string{fields.LoadBalancingPolicy}, nil
	}
	var names []string
	for _, entry := range fields.LoadBalancingConfig {
		names = slices.AppendSeq(names, maps.Keys(entry))
	}
	return names, nil
}

func isRegistered(name string) bool { return balancer.Get(name) != nil }

// unknown returns an error that says that none of the names is registered. The
// error lists names that are. gRPC cannot list its registry, so these are the usual
// names.
func unknown(names []string) error {
	likely := []string{
		"pick_first2", "round_robin2", "pick_first", "round_robin", "weighted_round_robin",
		"least_request_experimental", "ring_hash_experimental",
	}
	likely = slices.DeleteFunc(likely, func(name string) bool { return !isRegistered(name) })
	return fmt.Errorf("no policy is registered as %s; there are %s; to add another, import its package in examples/load_balancing/internal/policy",
		strings.Join(names, ", "), strings.Join(likely, ", "))
}
