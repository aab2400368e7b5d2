package etcdclient_test

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/etcdclient"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const nobody = "https://nobody.etcd.local:1" // whatever the policy is, it fails to connect

func TestPolicyIsRoundRobin2(t *testing.T) {
	client, err := etcdclient.New([]string{nobody})
	if err != nil {
		t.Fatal(err)
	}
	if !usesRoundRobin2(t, client) {
		t.Error("the channel does not use round_robin2")
	}
}

// The resolver's own service config is the reason for WithDisableServiceConfig.
func TestDefaultServiceConfigAloneDoesNothing(t *testing.T) {
	client, err := clientv3.New(clientv3.Config{
		Endpoints:   []string{"https://127.0.0.1:1"}, // not that of the other test
		Logger:      zap.NewNop(),
		DialOptions: []grpc.DialOption{grpc.WithDefaultServiceConfig(roundrobin2.ServiceConfig)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if usesRoundRobin2(t, client) {
		t.Error("the channel uses round_robin2; etcd's resolver has changed, and the README is wrong")
	}
}

// usesRoundRobin2 waits until the channel's policy has failed to connect, and
// tells whether it was metered. It closes the client.
func usesRoundRobin2(t *testing.T, client *clientv3.Client) bool {
	t.Helper()
	defer func() { _ = client.Close() }() // it only says that its context ended
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	conn := client.ActiveConnection()
	conn.Connect()
	for state := conn.GetState(); state != connectivity.TransientFailure; state = conn.GetState() {
		if !conn.WaitForStateChange(ctx, state) {
			t.Fatalf("the channel is %v and does not fail", state)
		}
	}
	families, err := prometheus.DefaultGatherer.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			labels := make(map[string]string)
			for _, pair := range metric.GetLabel() {
				labels[pair.GetName()] = pair.GetValue()
			}
			if family.GetName() == "grpc_lb_channels" && labels["grpc_target"] == conn.CanonicalTarget() &&
				labels["grpc_lb_policy"] == "round_robin2" && metric.GetGauge().GetValue() == 1 {
				return true
			}
		}
	}
	return false
}
