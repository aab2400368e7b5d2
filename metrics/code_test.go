package metrics_test

import (
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/metrics/internal/grpcstatus"
)

// Codes are unsigned 32-bit numbers. As a 32-bit int the largest are negative.
func TestCodesThatGRPCDoesNotDefineCountAsUnknown(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	s, cc, _ := metered(t, m)
	s.publish(balancer.PickResult{SubConn: s.connect(t, "a:1")}, nil)
	cc.SubConn("a:1").Ready()
	for _, code := range []codes.Code{
		codes.Unauthenticated, codes.Unauthenticated + 1, 99,
		math.MaxInt32, math.MaxInt32 + 1, math.MaxUint32 - 1, math.MaxUint32,
	} {
		if _, err := cc.RPC(status.Error(code, "")); err != nil {
			t.Fatalf("RPC: %v", err)
		}
	}
	got := scrape(t, m)
	got.checkLaws(t)
	want := map[string]float64{"rpc_attempts_total a:1 UNAUTHENTICATED": 1, "rpc_attempts_total a:1 UNKNOWN": 6}
	rpcs := got.of(func(p point) bool { return p.name == "rpc_attempts_total" })
	if diff := cmp.Diff(want, rpcs.nonzero()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A server can send any text as a code. gRPC's own server sends only valid codes,
// so this test uses a plain HTTP/2 server.
func TestNoCodeOfAServersHarmsTheClient(t *testing.T) {
	t.Parallel()
	texts := []string{"5", "16", "17", "-1", "-2147483648", "2147483647", "2147483648", "4294967295", "18446744073709551615", "1e3", "x"}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Read the request first: an earlier answer can look like a success.
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			t.Errorf("read request: %v", err)
		}
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set("Grpc-Status", r.Header.Get("Want-Status"))
	}))
	srv.Config.Protocols = new(http.Protocols)
	srv.Config.Protocols.SetUnencryptedHTTP2(true)
	srv.Start()
	t.Cleanup(srv.Close)
	c := newClient(t, configOf("metered_round_robin"), &server{addr: srv.Listener.Addr().String()})
	want := make(map[string]float64)
	for _, text := range texts {
		ctx := metadata.AppendToOutgoingContext(t.Context(), "want-status", text)
		err := c.conn.Invoke(ctx, "/test/any", new(emptypb.Empty), new(emptypb.Empty), grpc.WaitForReady(true))
		code := status.Code(err)
		if code > codes.Unauthenticated {
			code = codes.Unknown
		}
		want["rpc_attempts_total "+srv.Listener.Addr().String()+" "+grpcstatus.Name(code)]++
	}
	got := c.scrape(t)
	got.checkLaws(t)
	rpcs := got.of(func(p point) bool { return p.name == "rpc_attempts_total" })
	if diff := cmp.Diff(want, rpcs.nonzero()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_ = c.conn.Close() // first, because closing the server waits for it
}
