package controlplane_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/xds"

	_ "github.com/grpc-balancer2/balancer2/balancer"
	"github.com/grpc-balancer2/balancer2/examples/internal/wait"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/echo"
	"github.com/grpc-balancer2/balancer2/examples/xds/internal/backend"
	"github.com/grpc-balancer2/balancer2/examples/xds/internal/controlplane"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run starts backends, a control plane that lists them, and a client.
func run(t *testing.T, service controlplane.Service, names ...string) (*controlplane.Server, echo.EchoClient) {
	t.Helper()
	service.OutlierDetection = controlplane.OutlierDetection{Interval: time.Second, EjectionTime: time.Second}
	plane, err := controlplane.Start("127.0.0.1:0", service)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(plane.Stop)
	var addrs []netip.AddrPort
	for _, name := range names {
		b, err := backend.Start(name, "zone")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(b.Stop)
		addrs = append(addrs, b.Addr())
	}
	if err := plane.SetEndpoints(t.Context(), controlplane.Locality{Zone: "zone", Weight: 1, Endpoints: addrs}); err != nil {
		t.Fatal(err)
	}
	resolver, err := xds.NewXDSResolverWithConfigForTesting(plane.Bootstrap())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := grpc.NewClient("xds:///"+service.Name, grpc.WithResolvers(resolver),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return plane, echo.NewEchoClient(conn)
}

func TestClientWithoutThePolicyTakesTheNextInTheList(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	plane, client := run(t, controlplane.Service{Name: "fallback", Policy: "registered_by_nobody"}, "b1", "b2")

	seen := make(map[string]bool)
	for len(seen) < 2 {
		reply, err := client.UnaryEcho(ctx, &echo.EchoRequest{})
		if err != nil {
			t.Fatalf("RPC: %v; earlier replies came from %v", err, seen)
		}
		seen[reply.GetMessage()] = true
	}
	if err := plane.Refused(); err != nil {
		t.Errorf("the client refused the policy: %v, want it to skip the policy", err)
	}
}

func TestClientRefusesAConfigThatThePolicyRefuses(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	wrong := map[string]any{"balancer2Metrics": map[string]any{"latency": "yes"}}
	plane, client := run(t, controlplane.Service{Name: "refusal", Policy: "round_robin2", PolicyConfig: wrong}, "b1")

	_, err := client.UnaryEcho(ctx, &echo.EchoRequest{})
	if err == nil || ctx.Err() != nil {
		t.Fatalf("RPC: %v, want a failure before its deadline", err)
	}
	refused := awaitRefusal(ctx, plane)
	t.Logf("the RPC says: %v", err)
	t.Logf("the control plane says: %v", refused)
	for _, err := range []error{err, refused} {
		if err == nil || !strings.Contains(err.Error(), "round_robin2") || !strings.Contains(err.Error(), "latency") {
			t.Errorf("got %v, want an error that names round_robin2 and latency", err)
		}
	}
}

// awaitRefusal waits for the refusal. It may come after the RPC has failed.
func awaitRefusal(ctx context.Context, plane *controlplane.Server) error {
	_ = wait.Until(ctx, "the client refuses", func() (bool, error) { return plane.Refused() != nil, nil })
	return plane.Refused()
}
