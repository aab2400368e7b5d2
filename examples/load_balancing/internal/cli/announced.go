package cli

import (
	"net"

	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/backend"
)

// Announced returns the backends as a client's resolver reports them. With
// -server-name=channel they have no name. With -dial-names their name replaces the
// host in their address, and the system resolves it when gRPC connects.
func (f *Flags) Announced(backends []backend.Backend) []backend.Backend {
	announced := make([]backend.Backend, len(backends))
	for i, b := range backends {
		if f.DialNames {
			b.Addr = net.JoinHostPort(b.Name, b.Port())
		}
		if f.serverName == nameOfChannel {
			b.Name = ""
		}
		announced[i] = b
	}
	return announced
}
