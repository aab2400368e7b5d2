package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/grpc-balancer2/balancer2/examples/dns/internal/cluster"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start returns a cluster, a resolver that asks its DNS server, and the pods' port.
func start(t *testing.T, config cluster.Config) (*cluster.Cluster, *net.Resolver, string) {
	t.Helper()
	c, err := cluster.Start(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	target, err := url.Parse(c.Target())
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(target.Path, ":")
	return c, &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, target.Host)
	}}, port
}

func TestDNSHasThePodsThatAreReady(t *testing.T) {
	t.Parallel()
	c, resolver, port := start(t, cluster.Config{Pods: 2, Spare: 2})
	steps := []struct {
		name string
		do   func() error
		want []string
	}{
		{"start", func() error { return nil }, []string{"127.0.0.2", "127.0.0.3"}},
		{"scale up", func() error { _, err := c.ScaleUp(); return err }, []string{"127.0.0.2", "127.0.0.3", "127.0.0.4"}},
		{"scale down", func() error { return c.ScaleDown(t.Context(), 2, time.Millisecond) }, []string{"127.0.0.4"}},
		{"update", func() error { return c.RollingUpdate(t.Context(), time.Millisecond, 0) }, []string{"127.0.0.5"}},
	}
	for i, step := range steps {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		got, err := resolver.LookupHost(t.Context(), "echo.default.svc.")
		slices.Sort(got)
		if err != nil || !slices.Equal(got, step.want) {
			t.Errorf("%s: DNS has %v, error %v; want %v", step.name, got, err, step.want)
		}
		if c.Lookups() != i+1 {
			t.Errorf("%s: %d lookups counted, want %d", step.name, c.Lookups(), i+1)
		}
		for j, addr := range c.Pods() {
			if want := net.JoinHostPort(step.want[j], port); addr != want {
				t.Errorf("%s: pod %s, want %s", step.name, addr, want)
			}
		}
	}
	if _, err := c.ScaleUp(); err == nil {
		t.Error("a pod started beyond Config.Spare")
	}
}

func TestStoppedPodsRefuseConnections(t *testing.T) {
	t.Parallel()
	c, _, _ := start(t, cluster.Config{Pods: 2})
	old := c.Pods()[0]
	if err := c.ScaleDown(t.Context(), 1, 0); err != nil {
		t.Fatal(err)
	}
	if conn, err := net.Dial("tcp", old); err == nil {
		conn.Close()
		t.Errorf("%s still accepts connections", old)
	}
}

func TestDNSHasTheServiceConfig(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 200, 255, 600} {
		config := fmt.Sprintf(`{"note":"%s"}`, strings.Repeat("x", size))
		_, resolver, _ := start(t, cluster.Config{Pods: 1, ServiceConfig: config})
		got, err := resolver.LookupTXT(t.Context(), "_grpc_config.echo.default.svc.")
		if want := `grpc_config=[{"serviceConfig":` + config + `}]`; err != nil || strings.Join(got, "") != want {
			t.Errorf("TXT %q, error %v; want %q", got, err, want)
		}
	}
}

func TestOtherNamesAreUnknown(t *testing.T) {
	t.Parallel()
	_, resolver, _ := start(t, cluster.Config{Pods: 1})
	for _, name := range []string{"other.default.svc.", "_grpc_config.echo.default.svc."} {
		_, err := resolver.LookupTXT(t.Context(), name)
		var dnsErr *net.DNSError
		if !errors.As(err, &dnsErr) || !dnsErr.IsNotFound {
			t.Errorf("%s: error %v, want one that says not found", name, err)
		}
	}
}

func TestMorePodsThanAddressesAreRefused(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 300} {
		if c, err := cluster.Start(cluster.Config{Pods: n}); err == nil {
			t.Errorf("a cluster of %d pods started", n)
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}
