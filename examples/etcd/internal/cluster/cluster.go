// Package cluster runs an etcd cluster on this machine. Each member is a process, so that
// it can be killed. The process runs etcd's embedded server or the program etcd.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/grpc-balancer2/balancer2/certs"
	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/etcdclient"
	"github.com/grpc-balancer2/balancer2/examples/internal/ports"
	"github.com/grpc-balancer2/balancer2/examples/internal/wait"
)

// Cluster is a cluster with a member for each embedded certificate. It is not safe
// for concurrent use.
type Cluster struct {
	Members []*Member
	dir     string
}

// Start starts a cluster and waits until each member serves. program is the path of the
// program etcd; if it is "", the members run etcd's embedded server. The caller must
// close the cluster.
func Start(ctx context.Context, program string) (*Cluster, error) {
	dir, err := os.MkdirTemp("", "example-etcd-")
	if err != nil {
		return nil, fmt.Errorf("start cluster: %w", err)
	}
	c := &Cluster{dir: dir}
	if err := c.start(ctx, program); err != nil {
		return nil, errors.Join(fmt.Errorf("start cluster: %w", err), c.Close())
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context, program string) error {
	set := certs.Embedded()
	names := set.Members()
	addrs, err := ports.Free(2 * len(names))
	if err != nil {
		return err
	}
	var all []string
	for i, name := range names {
		s := spec{
			Name:      name,
			Dir:       filepath.Join(c.dir, name),
			ListenURL: "https://" + addrs[2*i],
			ClientURL: "https://" + name + addrs[2*i][strings.LastIndexByte(addrs[2*i], ':'):],
			PeerURL:   "http://" + addrs[2*i+1],
		}
		if s.CertFile, s.KeyFile, err = writeCert(set, name, c.dir); err != nil {
			return err
		}
		all = append(all, s.Name+"="+s.PeerURL)
		c.Members = append(c.Members, &Member{program: program, spec: s})
	}
	for _, m := range c.Members {
		m.spec.AllMembers = strings.Join(all, ",")
		if err := m.Start(); err != nil {
			return err
		}
	}
	for _, m := range c.Members {
		if err := m.WaitServing(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Close kills all members and removes their data.
func (c *Cluster) Close() error {
	var errs []error
	for _, m := range c.Members {
		errs = append(errs, m.Kill())
	}
	return errors.Join(append(errs, os.RemoveAll(c.dir))...)
}

// Endpoints returns the members' URLs with their names.
func (c *Cluster) Endpoints() []string {
	var endpoints []string
	for _, m := range c.Members {
		endpoints = append(endpoints, m.Endpoint())
	}
	return endpoints
}

// AddressEndpoints returns the members' URLs with their IP addresses.
func (c *Cluster) AddressEndpoints() []string {
	var endpoints []string
	for _, m := range c.Members {
		endpoints = append(endpoints, m.AddressEndpoint())
	}
	return endpoints
}

// AddressBackends returns the members' label grpc_lb_backend for a client of the
// AddressEndpoints.
func (c *Cluster) AddressBackends() []string {
	var backends []string
	for _, m := range c.Members {
		backends = append(backends, m.AddressBackend())
	}
	return backends
}

// Leader returns the leader. During an election it waits for the result.
func (c *Cluster) Leader(ctx context.Context) (*Member, error) {
	client, err := etcdclient.New(c.Endpoints())
	if err != nil {
		return nil, err
	}
	defer func() { _ = client.Close() }() // it only says that its context ended
	return c.awaitLeader(ctx, func(m *Member) (bool, error) {
		status, err := client.Status(ctx, m.Endpoint())
		if err != nil {
			return false, fmt.Errorf("ask %s who leads: %w", m.Name(), err)
		}
		return status.Leader == status.Header.MemberId, nil
	})
}

// awaitLeader asks the members, one after another, until one says that it leads.
func (c *Cluster) awaitLeader(ctx context.Context, leads func(*Member) (bool, error)) (leader *Member, err error) {
	err = wait.Until(ctx, "a member leads", func() (bool, error) {
		for _, m := range c.Members {
			if yes, err := leads(m); yes || err != nil {
				leader = m
				return yes, err
			}
		}
		return false, nil
	})
	return leader, err
}
