// Package addresstrap shows that etcd's endpoints by IP address fail with
// certificates that hold names only.
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

// Show does puts through such endpoints and writes how they fail.
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

// Put does a put through endpoints by IP address, with a ServerName in the client's
// TLS configuration unless it is "".
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
