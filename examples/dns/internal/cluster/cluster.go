package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/grpc-balancer2/balancer2/examples/internal/wait"
)

const service = "echo.default.svc"

// Config describes a cluster.
type Config struct {
	Pods  int // ready from the start
	Spare int // number of pods that can be started later
	// MaxConnectionAge is the keepalive parameter of the pods' servers. 0 means no
	// limit, which is gRPC's default. When a connection has reached this age, its RPCs
	// have MaxConnectionAgeGrace to end.
	MaxConnectionAge, MaxConnectionAgeGrace time.Duration
	// ServiceConfig is published in DNS, unless it is empty.
	ServiceConfig string
}

// Cluster is the pods of one service, and their DNS server. Only Lookups is safe for
// concurrent use.
type Cluster struct {
	config  Config
	dns     *nameserver
	waiting []net.Listener // of the pods that are not started yet
	running []*pod         // the oldest first
	port    int
}

// Start starts a cluster. The caller must Close it.
func Start(config Config) (*Cluster, error) {
	listeners, err := listen(config.Pods + config.Spare)
	if err != nil {
		return nil, err
	}
	c := &Cluster{config: config, waiting: listeners, port: listeners[0].Addr().(*net.TCPAddr).Port}
	if c.dns, err = startNameserver(service, config.ServiceConfig); err != nil {
		return nil, errors.Join(err, closeAll(listeners))
	}
	for range config.Pods {
		if _, err := c.ScaleUp(); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	return c, nil
}

// Target returns the target that a client dials. It names the DNS server. In a real
// cluster it would not, and gRPC would ask the system's DNS server.
func (c *Cluster) Target() string {
	return fmt.Sprintf("dns://%s/%s:%d", c.dns.addr, service, c.port)
}

// Pods returns the addresses of the running pods, the oldest first.
func (c *Cluster) Pods() []string {
	addrs := make([]string, len(c.running))
	for i, p := range c.running {
		addrs[i] = p.addr.String()
	}
	return addrs
}

// Lookups returns how many times clients asked DNS for the addresses.
func (c *Cluster) Lookups() int { return c.dns.lookups() }

// ScaleUp starts a pod, adds it to DNS, and returns its address.
func (c *Cluster) ScaleUp() (string, error) {
	if len(c.waiting) == 0 {
		return "", fmt.Errorf("start another pod: all %d have been started; raise Config.Spare", c.config.Pods+c.config.Spare)
	}
	p := startPod(c.waiting[0], c.config.MaxConnectionAge, c.config.MaxConnectionAgeGrace)
	c.waiting = c.waiting[1:]
	c.running = append(c.running, p)
	c.publish(c.running)
	return p.addr.String(), nil
}

// ScaleDown removes the oldest pods from DNS, and stops them after preStop. Until then
// they serve clients that have just asked DNS.
func (c *Cluster) ScaleDown(ctx context.Context, n int, preStop time.Duration) error {
	n = min(n, len(c.running))
	leaving := c.running[:n]
	c.running = slices.Clone(c.running[n:])
	c.publish(c.running)
	err := wait.For(ctx, preStop)
	errs := []error{err}
	for _, p := range leaving {
		errs = append(errs, p.stop())
	}
	return errors.Join(errs...)
}

// RollingUpdate replaces the pods one by one, as a Deployment with maxSurge 1 and
// maxUnavailable 0 does: it starts a new pod, waits for minReady, and stops the
// oldest.
func (c *Cluster) RollingUpdate(ctx context.Context, minReady, preStop time.Duration) error {
	for range len(c.running) {
		if _, err := c.ScaleUp(); err != nil {
			return err
		}
		if err := wait.For(ctx, minReady); err != nil {
			return err
		}
		if err := c.ScaleDown(ctx, 1, preStop); err != nil {
			return err
		}
	}
	return nil
}

// Close stops everything.
func (c *Cluster) Close() error {
	errs := []error{closeAll(c.waiting), c.dns.stop()}
	for _, p := range c.running {
		errs = append(errs, p.stop())
	}
	c.waiting, c.running = nil, nil
	return errors.Join(errs...)
}

func (c *Cluster) publish(pods []*pod) {
	ips := make([]net.IP, len(pods))
	for i, p := range pods {
		ips[i] = p.addr.IP
	}
	c.dns.publish(ips)
}
