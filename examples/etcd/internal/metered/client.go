// Package metered is an etcd client together with its metrics.
package metered

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"

	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/etcdclient"
	"github.com/grpc-balancer2/balancer2/examples/internal/series"
	"github.com/grpc-balancer2/balancer2/examples/internal/wait"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// Client is an etcd client and its series.
type Client struct {
	*clientv3.Client
	before series.Policy // left by an earlier client, see Target
}

// New wraps an etcd client that has not been used yet.
func New(client *clientv3.Client) (*Client, error) {
	c := &Client{Client: client}
	var err error
	if c.before, err = c.Series(); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Connect makes a client and waits until the given number of members is READY. It
// sends no RPC.
func Connect(ctx context.Context, endpoints []string, ready int, more ...grpc.DialOption) (*Client, error) {
	etcd, err := etcdclient.New(endpoints, more...)
	if err != nil {
		return nil, err
	}
	c, err := New(etcd)
	if err != nil {
		return nil, err
	}
	c.ActiveConnection().Connect()
	if err := AwaitReady(ctx, c.Target(), ready); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Close closes the client.
func (c *Client) Close() { _ = c.Client.Close() } // it only says that its context ended

// Target returns the client's label grpc_target. etcd puts the client's memory
// address into it, so a client may find the series of an earlier one.
func (c *Client) Target() string { return c.ActiveConnection().CanonicalTarget() }

// Series reads the client's series.
func (c *Client) Series() (series.Policy, error) {
	p, err := Read(c.Target())
	return p.Since(c.before), err
}

// AwaitSubchannels waits until the backend has the given number of READY subchannels.
func (c *Client) AwaitSubchannels(ctx context.Context, backend string, ready int) error {
	return wait.Until(ctx, fmt.Sprintf("%s has %d subchannels READY", backend, ready), func() (bool, error) {
		p, err := c.Series()
		return p.Backends[backend].Ready == ready, err
	})
}

// Read reads the series of round_robin2 for a target.
func Read(target string) (series.Policy, error) {
	return series.ReadPolicy(prometheus.DefaultGatherer, target, roundrobin2.Name)
}

// AwaitReady waits until the given number of the target's backends is READY.
func AwaitReady(ctx context.Context, target string, ready int) error {
	return wait.Until(ctx, fmt.Sprintf("%d backends of %s are READY", ready, target), func() (bool, error) {
		p, err := Read(target)
		return len(p.Ready()) == ready, err
	})
}
