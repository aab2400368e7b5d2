// Package addresstrap shows that etcd endpoints by IP address fail if the certificates
// only have names.
package addresstrap

import (
	"context"
	"fmt"
	"io"

	"github.com/grpc-balancer2/balancer2/certs"
	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/cluster"
	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/etcdclient"
	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/metered"
)

// Show sends puts to such endpoints and writes how they fail.
func Show(ctx context.Context, out io.Writer, c *cluster.Cluster) error {
	fmt.Fprintln(out, "\n--- what does not work: endpoints by IP address ---")
	failure, err := Put(ctx, c, "")
	if err != nil {
		return err
	}
	failure.Write(out, c.AddressBackends())
	name := c.Members[0].Name()
	if failure, err = Put(ctx, c, name); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nthe same, with the ServerName %s in the client's TLS configuration:\n", name)
	failure.Write(out, c.AddressBackends())
	return nil
}

// Put sends a put to endpoints by IP address. serverName, unless it is "", is the
// ServerName in the client's TLS configuration.
func Put(ctx context.Context, members *cluster.Cluster, serverName string) (metered.PutFailure, error) {
	config, err := certs.Embedded().ClientConfig()
	if err != nil {
		return metered.PutFailure{}, err
	}
	config.ServerName = serverName
	client, err := etcdclient.NewWithTLS(config, members.AddressEndpoints())
	if err != nil {
		return metered.PutFailure{}, err
	}
	c, err := metered.New(client)
	if err != nil {
		return metered.PutFailure{}, err
	}
	defer c.Close()
	return c.FailingPut(ctx)
}
