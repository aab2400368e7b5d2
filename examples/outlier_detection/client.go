package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/resolver/manual"
	_ "google.golang.org/grpc/xds" // registers outlier_detection_experimental

	_ "github.com/grpc-balancer2/balancer2/balancer" // registers round_robin2, metered
	"github.com/grpc-balancer2/balancer2/examples/internal/load"
	"github.com/grpc-balancer2/balancer2/examples/internal/series"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/echo"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// serviceConfig ejects a backend that fails half of its RPCs. The times are shorter than
// in production, so that the example does not take minutes.
const serviceConfig = `{"loadBalancingConfig": [
	{"outlier_detection_experimental": {
		"interval": "0.5s",
		"baseEjectionTime": "10s",
		"maxEjectionPercent": 20,
		"failurePercentageEjection": {
			"threshold": 50,
			"enforcementPercentage": 100,
			"minimumHosts": 3,
			"requestVolume": 10
		},
		"childPolicy": [{"round_robin2": {}}]
	}},
	{"round_robin2": {}}
]}`

const (
	pace       = 5 * time.Millisecond // between the RPCs
	rpcTimeout = 5 * time.Second
)

// client is a channel under steady load.
type client struct {
	conn  *grpc.ClientConn
	load  *load.Load
	tally load.Tally
}

// runs numbers the clients of a process, so that each has series of its own.
var runs atomic.Int64

func startClient(all servers, serviceConfig string) (*client, error) {
	r := manual.NewBuilderWithScheme("outlier")
	r.InitialState(all.state())
	conn, err := grpc.NewClient(fmt.Sprintf("%s:///%d", r.Scheme(), runs.Add(1)),
		grpc.WithResolvers(r),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(serviceConfig))
	if err != nil {
		return nil, err
	}
	c := &client{conn: conn}
	c.load = load.StartSteady(context.Background(), pace, c.call)
	return c, nil
}

func (c *client) call() {
	ctx, cancel := context.WithTimeout(context.Background(), rpcTimeout)
	defer cancel()
	reply, err := echo.NewEchoClient(c.conn).UnaryEcho(ctx, new(echo.EchoRequest))
	c.tally.Add(reply.GetMessage(), err)
}

func (c *client) series() (series.Policy, error) {
	return series.ReadPolicy(prometheus.DefaultGatherer, c.conn.CanonicalTarget(), roundrobin2.Name)
}

func (c *client) stop() error {
	c.load.Stop()
	return c.conn.Close()
}
