package ports_test

import (
	"net"
	"net/netip"
	"testing"

	"github.com/grpc-balancer2/balancer2/examples/internal/ports"
)

func TestPortsAreFreeAndDifferent(t *testing.T) {
	t.Parallel()
	addrs, err := ports.Free(20)
	if err != nil || len(addrs) != 20 {
		t.Fatalf("%d addresses, %v, want 20", len(addrs), err)
	}
	for _, addr := range addrs {
		if at := netip.MustParseAddrPort(addr); at.Port() < 10_000 || at.Port() >= 30_000 || !at.Addr().IsLoopback() {
			t.Errorf("%s is not a loopback address with a port in the servers' range", addr)
		}
		listener, err := net.Listen("tcp", addr) // all at once: none is there twice
		if err != nil {
			t.Error(err)
			continue
		}
		defer listener.Close()
	}
}
