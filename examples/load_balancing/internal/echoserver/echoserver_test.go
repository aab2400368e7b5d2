package echoserver_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/grpc-balancer2/balancer2/examples/internal/exampletest"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/echo"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/backend"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/echoserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func plaintext(string) (credentials.TransportCredentials, error) {
	return insecure.NewCredentials(), nil
}

func parse(t *testing.T, list string) []backend.Backend {
	t.Helper()
	backends, err := backend.Parse(list)
	if err != nil {
		t.Fatal(err)
	}
	return backends
}

// newServer makes a server like those of the programs.
func newServer(b backend.Backend, creds credentials.TransportCredentials) *grpc.Server {
	s := grpc.NewServer(grpc.Creds(creds))
	echo.RegisterEchoServer(s, echoserver.Service{Port: b.Port()})
	return s
}

// start runs a group until the test ends, and returns its backends.
func start(t *testing.T, config echoserver.Config) []backend.Backend {
	t.Helper()
	config.New = newServer
	group, err := echoserver.Listen(config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- group.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return group.Backends()
}

func TestEachServerAnswersWithItsPort(t *testing.T) {
	t.Parallel()
	backends := start(t, echoserver.Config{Backends: parse(t, "a=127.0.0.1:0,b=127.0.0.1:0"), Credentials: plaintext})
	for _, b := range backends {
		conn, err := grpc.NewClient("passthrough:///"+b.Addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		response, err := echo.NewEchoClient(conn).UnaryEcho(t.Context(), &echo.EchoRequest{Message: "hello"})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := response.GetMessage(), "hello (from :"+b.Port()+")"; got != want || b.Port() == "0" {
			t.Errorf("%s answers %q, want %q", b, got, want)
		}
	}
}

func TestListenGivesBackWhatItTookWhenItFails(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	noCert := errors.New("no certificate for c")
	tests := map[string]echoserver.Config{
		"stop what has the port, or give another with -backends": {
			Backends:    parse(t, "a=127.0.0.1:0,b="+taken.Addr().String()),
			Credentials: plaintext,
		},
		"no certificate for c": {
			Backends: parse(t, "a=127.0.0.1:0,c=127.0.0.1:0"),
			Credentials: func(name string) (credentials.TransportCredentials, error) {
				if name == "c" {
					return nil, noCert
				}
				return plaintext(name)
			},
		},
	}
	for want, config := range tests {
		config.New = newServer
		var first net.Listener
		config.Listen = func(addr string) (net.Listener, error) {
			listener, err := net.Listen("tcp", addr)
			if first == nil {
				first = listener
			}
			return listener, err
		}
		if _, err := echoserver.Listen(config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
		if _, err := first.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("the first port is still open: Accept: %v", err)
		}
	}
}

// listenTwo returns a group of a and b, and their ports.
func listenTwo(t *testing.T) (*echoserver.Group, []net.Listener) {
	t.Helper()
	var ports []net.Listener
	group, err := echoserver.Listen(echoserver.Config{
		Backends:    parse(t, "a=127.0.0.1:0,b=127.0.0.1:0"),
		Credentials: plaintext,
		New:         newServer,
		Listen: func(addr string) (net.Listener, error) {
			listener, err := net.Listen("tcp", addr)
			ports = append(ports, listener)
			return listener, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return group, ports
}

func TestRunReturnsTheFailureOfAServer(t *testing.T) {
	t.Parallel()
	group, ports := listenTwo(t)
	ports[1].Close()
	if err := group.Run(t.Context()); !errors.Is(err, net.ErrClosed) || !strings.Contains(err.Error(), "b=127.0.0.1:") {
		t.Errorf("Run: %v, want the closed port of b", err)
	}
}

func TestRunDuringEndsWithItsFunction(t *testing.T) {
	t.Parallel()
	failure := errors.New("the client failed")
	for _, want := range []error{nil, failure} {
		group, err := echoserver.Listen(echoserver.Config{Backends: parse(t, "a=127.0.0.1:0"), Credentials: plaintext, New: newServer})
		if err != nil {
			t.Fatal(err)
		}
		addr := group.Backends()[0].Addr
		err = group.RunDuring(func() error {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				return err
			}
			conn.Close()
			return want
		})
		if !errors.Is(err, want) {
			t.Errorf("RunDuring: %v, want %v", err, want)
		}
		if conn, err := net.Dial("tcp", addr); err == nil {
			conn.Close()
			t.Error("the port is still open")
		}
	}
}

func TestRunDuringReturnsTheFailureOfAServerFirst(t *testing.T) {
	t.Parallel()
	group, ports := listenTwo(t)
	ports[0].Close()
	err := group.RunDuring(func() error {
		// The failure of one server stops the other.
		exampletest.Eventually(t, "the other server stops", func() (bool, any) {
			conn, err := net.Dial("tcp", ports[1].Addr().String())
			if err == nil {
				conn.Close()
			}
			return err != nil, "it accepts connections"
		})
		return errors.New("no server answers")
	})
	if !errors.Is(err, net.ErrClosed) {
		t.Errorf("RunDuring: %v, want %v", err, net.ErrClosed)
	}
}
