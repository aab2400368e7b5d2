package scenario

import (
	"context"
	"fmt"
	"io"

	"github.com/grpc-balancer2/balancer2/certs"
	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/cluster"
	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/etcdclient"
)

// Traps shows what endpoints by address come to.
func Traps(ctx context.Context, out io.Writer, c *cluster.Cluster) error {
	fmt.Fprintln(out, "\n--- what does not work: endpoints by IP address ---")
	failure, err := PutByAddress(ctx, c, "")
	if err != nil {
		return err
	}
	failure.write(out, c.AddressBackends())
	name := c.Members[0].Name()
	if failure, err = PutByAddress(ctx, c, name); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nthe same, with the ServerName %s in the client's TLS configuration:\n", name)
	failure.write(out, c.AddressBackends())
	return nil
}

// PutByAddress does a put through endpoints that have addresses for hosts.
func PutByAddress(ctx context.Context, c *cluster.Cluster, serverName string) (PutFailure, error) {
	config, err := certs.Embedded().ClientConfig()
	if err != nil {
		return PutFailure{}, err
	}
	config.ServerName = serverName
	client, err := etcdclient.NewWithTLS(config, c.AddressEndpoints())
	if err != nil {
		return PutFailure{}, err
	}
	w := &watched{Client: client}
	defer w.close()
	return failingPut(ctx, w)
}
