// Package cluster runs an etcd cluster on this machine. Each member is etcd's
// embedded server, or the program etcd, in a process of its own, so that it can be
// killed.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/grpc-balancer2/balancer2/certs"
	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/etcdclient"
	"github.com/grpc-balancer2/balancer2/examples/internal/ports"
)

// Cluster is a running cluster with a member for each certificate of the
// embedded set. Its methods are for one goroutine.
type Cluster struct {
	Members []*Member
	dir     string
}

// Start starts a cluster and waits until each member serves. The members run the
// program, or etcd's embedded server if that is "". The caller closes it.
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

// Close kills the members that run and removes their data.
func (c *Cluster) Close() error {
	var errs []error
	for _, m := range c.Members {
		errs = append(errs, m.Kill())
	}
	return errors.Join(append(errs, os.RemoveAll(c.dir))...)
}

// Endpoints are the members' URLs, by name.
func (c *Cluster) Endpoints() []string {
	var endpoints []string
	for _, m := range c.Members {
		endpoints = append(endpoints, m.Endpoint())
	}
	return endpoints
}

// AddressEndpoints are the members' URLs, by IP address.
func (c *Cluster) AddressEndpoints() []string {
	var endpoints []string
	for _, m := range c.Members {
		endpoints = append(endpoints, m.AddressEndpoint())
	}
	return endpoints
}

// AddressBackends are the members as the metrics call them, by IP address.
func (c *Cluster) AddressBackends() []string {
	var backends []string
	for _, m := range c.Members {
		backends = append(backends, m.AddressBackend())
	}
	return backends
}

// Leader returns the member that leads. During an election it waits for its end.
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

// awaitLeader asks the members in turn until one leads.
func (c *Cluster) awaitLeader(ctx context.Context, leads func(*Member) (bool, error)) (*Member, error) {
	pause := time.NewTicker(50 * time.Millisecond)
	defer pause.Stop()
	for {
		for _, m := range c.Members {
			if yes, err := leads(m); yes || err != nil {
				return m, err
			}
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("find the leader: no member says that it leads: %w", context.Cause(ctx))
		case <-pause.C:
		}
	}
}

// WaitServing waits until the member answers with what the cluster has agreed on,
// for which it must have caught up.
func (m *Member) WaitServing(ctx context.Context) error {
	client, err := etcdclient.New([]string{m.Endpoint()})
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }() // it only says that its context ended
	pause := time.NewTicker(50 * time.Millisecond)
	defer pause.Stop()
	for {
		try, cancel := context.WithTimeout(ctx, 2*time.Second)
		_, err := client.Get(try, "serving")
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-m.exited:
			return fmt.Errorf("wait for %s: its process has ended: %s", m.Name(), m.how)
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w; last error: %w", m.Name(), context.Cause(ctx), err)
		case <-pause.C:
		}
	}
}
