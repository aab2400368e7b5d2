// Package etcdclient makes etcd clients that balance with round_robin2.
package etcdclient

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"

	_ "github.com/grpc-balancer2/balancer2/balancer" // registers round_robin2
	"github.com/grpc-balancer2/balancer2/certs"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// New returns a client of the endpoints, which are URLs. It trusts the embedded CA, and
// verifies that each member proves the host name of its endpoint. The options are added
// after [DialOptions].
func New(endpoints []string, more ...grpc.DialOption) (*clientv3.Client, error) {
	config, err := certs.Embedded().ClientConfig()
	if err != nil {
		return nil, err
	}
	return NewWithTLS(config, endpoints, more...)
}

// NewWithTLS is [New] with another TLS configuration. Its ServerName has no effect,
// because the hosts of the endpoints take precedence.
func NewWithTLS(config *tls.Config, endpoints []string, more ...grpc.DialOption) (*clientv3.Client, error) {
	client, err := clientv3.New(clientv3.Config{
		Endpoints:   endpoints,
		TLS:         config,
		Logger:      zap.NewNop(),
		DialOptions: append(DialOptions(), more...),
	})
	if err != nil {
		return nil, fmt.Errorf("make etcd client of %s: %w", strings.Join(endpoints, ", "), err)
	}
	return client, nil
}

// DialOptions returns the dial options of all channels in this example. They select the
// policy, and connect to the servers on this machine.
func DialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		// This disables the service config of etcd's resolver, which would take
		// precedence over the default one.
		grpc.WithDisableServiceConfig(),
		grpc.WithDefaultServiceConfig(roundrobin2.ServiceConfig),
		grpc.WithContextDialer(dialLoopback),
		// Retry every second. By default it can take two minutes to find a member that
		// is back.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second},
			MinConnectTimeout: 5 * time.Second,
		}),
	}
}

// dialLoopback replaces DNS: it connects to this machine for every host under etcd.local.
func dialLoopback(ctx context.Context, addr string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("dial %q: %w; an endpoint is HOST:PORT", addr, err)
	}
	if strings.HasSuffix(host, ".etcd.local") {
		host = "127.0.0.1"
	}
	var dialer net.Dialer
	return dialer.DialContext(ctx, "tcp", net.JoinHostPort(host, port))
}
