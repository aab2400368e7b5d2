package cluster

import (
	"context"
	"fmt"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"

	"github.com/grpc-balancer2/balancer2/examples/internal/serving"
	"github.com/grpc-balancer2/balancer2/examples/internal/wait"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/echo"
)

// latency is the time that a pod takes for an RPC, so that some RPCs are in flight when
// it stops.
const latency = 5 * time.Millisecond

// pod is one server. It answers with its address.
type pod struct {
	echo.UnimplementedEchoServer
	addr    *net.TCPAddr
	serving *serving.Server
}

// startPod serves on the listener. The server closes a connection gracefully at the
// given age, plus or minus a tenth. The RPCs on it then have the grace to end. Age 0
// means no limit.
func startPod(l net.Listener, age, grace time.Duration) *pod {
	server := grpc.NewServer(grpc.KeepaliveParams(keepalive.ServerParameters{
		MaxConnectionAge:      age,
		MaxConnectionAgeGrace: grace,
	}))
	p := &pod{addr: l.Addr().(*net.TCPAddr)}
	echo.RegisterEchoServer(server, p)
	p.serving = serving.Start(server, l)
	return p
}

// UnaryEcho returns the pod's address.
func (p *pod) UnaryEcho(ctx context.Context, _ *echo.EchoRequest) (*echo.EchoResponse, error) {
	if err := wait.For(ctx, latency); err != nil {
		return nil, err
	}
	return &echo.EchoResponse{Message: p.addr.String()}, nil
}

// stop stops the server after the RPCs in flight have ended. The server tells its
// clients to send new RPCs elsewhere, so none fails.
func (p *pod) stop() error {
	if err := p.serving.GracefulStop(); err != nil {
		return fmt.Errorf("serve %s: %w", p.addr, err)
	}
	return nil
}
