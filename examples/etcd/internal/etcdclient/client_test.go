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
	"github.com/grpc-balancer2/balancer2/examples/internal/series"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const nobody = "https://nobody.etcd.local:1" // no policy can connect to it

func TestPolicyIsRoundRobin2(t *testing.T) {
	client, err := etcdclient.New([]string{nobody})
	if err != nil {
		t.Fatal(err)
	}
	if !usesRoundRobin2(t, client) {
		t.Error("the channel does not use round_robin2")
	}
}

// WithDisableServiceConfig is needed as well, because etcd's resolver has its own service
// config.
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

// usesRoundRobin2 waits until the channel has failed to connect. It reports whether
// round_robin2 has series for the channel. It closes the client.
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
	p, err := series.ReadPolicy(prometheus.DefaultGatherer, conn.CanonicalTarget(), roundrobin2.Name)
	if err != nil {
		t.Fatal(err)
	}
	return p.Instances == 1
}
