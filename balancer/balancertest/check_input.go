package balancertest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc/resolver"
)

const (
	emptyConfig  = "{}"
	unknownField = `"a field of a later version":{"of":["any","kind"]}`
)

// ConfigFields is for policies that need a config. It takes a JSON object, whose
// fields Check adds to its own configs:
//
//   - Resolver updates have the config object instead of {}.
//   - The parser must accept object, alone and with a further field that it does not
//     know. Check no longer demands that it accepts {}. If the policy can do without
//     a config, check it without ConfigFields, too.
//   - The parser must refuse broken configs: { and [], as without ConfigFields, but
//     also object without its last brace, and an array with object in it.
//
// Check fails at once if object is not a JSON object, or if the builder has no
// ParseConfig.
func ConfigFields(object string) CheckOption { return configFields(object) }

type configFields string

func (f configFields) apply(o *checkOptions) error {
	var fields map[string]json.RawMessage
	err := json.Unmarshal([]byte(f), &fields)
	if err == nil && fields == nil {
		err = errors.New("null is not an object")
	}
	if err != nil {
		return fmt.Errorf("balancertest: check policy: parse ConfigFields: %w", err)
	}
	if o.config != emptyConfig {
		return errors.New("balancertest: check policy: ConfigFields needs all fields in one option")
	}
	var compact bytes.Buffer
	_ = json.Compact(&compact, []byte(f)) // it was parsed
	o.config = compact.String()
	return nil
}

// laterConfig returns the config with a field that no parser knows.
func (o checkOptions) laterConfig() string {
	if o.config == emptyConfig {
		return "{" + unknownField + "}"
	}
	return strings.TrimSuffix(o.config, "}") + "," + unknownField + "}"
}

// brokenConfigs returns configs that are not JSON objects.
func (o checkOptions) brokenConfigs() []string {
	broken := []string{"{", "[]"}
	if o.config != emptyConfig {
		broken = append(broken, strings.TrimSuffix(o.config, "}"), "["+o.config+"]")
	}
	return broken
}

// MapEndpoints is for policies that need more of endpoints than an address, such as
// an attribute. Check calls f with the endpoints of each resolver update, and sends
// those that f returns instead. f may add attributes, addresses and endpoints. It
// should keep the addresses that it is given, and must return at least one endpoint.
// It may change and return its argument, which is made for each call. Check does not
// call it concurrently, nor for the updates that must have no endpoints.
func MapEndpoints(f func([]resolver.Endpoint) []resolver.Endpoint) CheckOption {
	return mapEndpoints(f)
}

type mapEndpoints func([]resolver.Endpoint) []resolver.Endpoint

func (f mapEndpoints) apply(o *checkOptions) error {
	if f == nil || o.mapEndpoints != nil {
		return errors.New("balancertest: check policy: MapEndpoints needs a function, and comes once")
	}
	o.mapEndpoints = f
	return nil
}

// endpoints returns one endpoint per address, as the resolver sends them.
func (t *trial) endpoints(addrs []string) []resolver.Endpoint {
	t.tb.Helper()
	endpoints := Endpoints(addrs...)
	if t.options.mapEndpoints == nil {
		return endpoints
	}
	if endpoints = t.options.mapEndpoints(endpoints); len(endpoints) == 0 {
		t.tb.Fatalf("balancertest: check policy: MapEndpoints returned no endpoints for %v", addrs)
	}
	return endpoints
}

// send sends a resolver update, and returns the policy's answer.
func (t *trial) send(endpoints ...resolver.Endpoint) error {
	t.tb.Helper()
	return t.policy.UpdateWithConfig(t.options.config, endpoints...)
}

// update sends a resolver update, which the policy must accept. It returns the
// endpoints of the update.
func (t *trial) update(addrs ...string) []resolver.Endpoint {
	t.tb.Helper()
	endpoints := t.endpoints(addrs)
	if err := t.send(endpoints...); err != nil {
		t.tb.Fatalf("resolver update with %d endpoints and config %s: error %q; accept it", len(endpoints), t.options.config, err)
	}
	t.settle()
	return endpoints
}

// isOf reports whether the SubConn is to an address of the endpoints.
func (sc *SubConn) isOf(endpoints []resolver.Endpoint) bool {
	addr := sc.Addr()
	return slices.ContainsFunc(endpoints, func(e resolver.Endpoint) bool {
		return slices.ContainsFunc(e.Addresses, func(a resolver.Address) bool { return a.Addr == addr })
	})
}
