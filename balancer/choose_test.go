package balancer_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/balancer/roundrobin"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
	"github.com/grpc-balancer2/balancer2/balancer/lbconfig"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// channels makes the targets of repeated runs of a test distinct.
var channels atomic.Uint32

// These are the ways to select a policy without code. DNS TXT records deliver a
// service config as any resolver does. How weighted_target selects its children's
// policies is tested in internal/realchannel.
func TestThePolicyIsChosenByServiceConfig(t *testing.T) {
	t.Parallel()
	withFallback := lbconfig.ServiceConfig("not_registered", roundrobin2.Name, roundrobin.Name)
	tests := []struct {
		name       string
		byDefault  string // service config of the channel
		byResolver string
		disabled   bool // the channel does not listen to the resolver
		want       string
	}{
		{name: "default", byDefault: roundrobin2.ServiceConfig, want: roundrobin2.Name},
		{name: "default, the other policy", byDefault: pickfirst2.ServiceConfig, want: pickfirst2.Name},
		{name: "resolver", byResolver: roundrobin2.ServiceConfig, want: roundrobin2.Name},
		{name: "resolver goes before default", byDefault: pickfirst2.ServiceConfig, byResolver: roundrobin2.ServiceConfig, want: roundrobin2.Name},
		{name: "resolver is not listened to", byDefault: pickfirst2.ServiceConfig, byResolver: roundrobin2.ServiceConfig, disabled: true, want: pickfirst2.Name},
		{name: "first of a list that is registered", byDefault: withFallback, want: roundrobin2.Name},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := manual.NewBuilderWithScheme("choose")
			opts := []grpc.DialOption{grpc.WithResolvers(r), grpc.WithTransportCredentials(insecure.NewCredentials())}
			if tt.byDefault != "" {
				opts = append(opts, grpc.WithDefaultServiceConfig(tt.byDefault))
			}
			if tt.disabled {
				opts = append(opts, grpc.WithDisableServiceConfig())
			}
			r.BuildCallback = func(_ resolver.Target, cc resolver.ClientConn, _ resolver.BuildOptions) {
				state := resolver.State{Addresses: []resolver.Address{{Addr: "127.0.0.1:1"}}}
				if tt.byResolver != "" {
					state.ServiceConfig = cc.ParseServiceConfig(tt.byResolver)
				}
				r.InitialState(state)
			}
			conn, err := grpc.NewClient(fmt.Sprintf("choose:///run-%d", channels.Add(1)), opts...)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.Connect()
			if got := policyOf(t, conn.CanonicalTarget()); got != tt.want {
				t.Errorf("the channel uses %s, want %s", got, tt.want)
			}
		})
	}
}

// policyOf waits until a channel to the target has a metered policy, and returns
// its name.
func policyOf(t *testing.T, target string) string {
	t.Helper()
	var policies []string
	if !channeltest.Poll(channeltest.Context(t), func() bool {
		policies = policiesOf(t, target)
		return len(policies) > 0
	}) {
		t.Fatalf("no channel to %s has a metered policy", target)
	}
	if len(policies) > 1 {
		t.Errorf("the channel to %s has policies %v, want one", target, policies)
	}
	return policies[0]
}

// policiesOf returns the metered policies that one channel to the target has now.
// The series of a channel that is closed stays for a while, at 0.
func policiesOf(t *testing.T, target string) []string {
	t.Helper()
	families, err := prometheus.DefaultGatherer.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var policies []string
	for _, f := range families {
		if f.GetName() != "grpc_lb_policy_instances" {
			continue
		}
		for _, m := range f.GetMetric() {
			labels := make(map[string]string)
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			if labels["grpc_target"] == target && m.GetGauge().GetValue() == 1 {
				policies = append(policies, labels["grpc_lb_policy"])
			}
		}
	}
	return policies
}
