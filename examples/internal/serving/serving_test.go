package serving_test

import (
	"errors"
	"net"
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/grpc"

	"github.com/grpc-balancer2/balancer2/examples/internal/serving"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

func TestStoppedServersGiveTheirPortBack(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string]func(*serving.Server) error{"Stop": (*serving.Server).Stop, "GracefulStop": (*serving.Server).GracefulStop} {
		listener := listen(t)
		s := serving.Start(grpc.NewServer(), listener)
		if err := errors.Join(stop(s), stop(s)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if conn, err := net.Dial("tcp", listener.Addr().String()); err == nil {
			conn.Close()
			t.Errorf("%s: the port is still open", name)
		}
	}
}

func TestStopReturnsTheFailureOfTheServer(t *testing.T) {
	t.Parallel()
	listener := listen(t)
	listener.Close()
	s := serving.Start(grpc.NewServer(), listener)
	if err := s.Wait(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Wait: %v, want %v", err, net.ErrClosed)
	}
	if err := s.Stop(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Stop: %v, want %v", err, net.ErrClosed)
	}
}
