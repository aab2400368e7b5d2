package documents_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthgrpc "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// What the README has a user write first: it meters the policies that run already.
func Example_meter() {
	metrics.InstrumentRegistered()  // first thing in main, before any channel is made
	operators := http.NewServeMux() // or the mux that has your /metrics already
	operators.Handle("/metrics", promhttp.Handler())
	operators.Handle("/debug/lb", metrics.Default().Handler())

	addr, stop := serve()
	defer stop()
	conn, err := grpc.NewClient("dns:///"+addr,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"round_robin": {}}]}`))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	call(conn)

	series := fmt.Sprintf(`grpc_lb_picks_total{grpc_lb_backend=%q,grpc_lb_policy="round_robin",grpc_target="dns:///%s"}`, addr, addr)
	fmt.Println("counted:", strings.Contains(get(operators, "/metrics"), "\n"+series+" "))
	fmt.Println("shown:", strings.Contains(get(operators, "/debug/lb"), addr))
	// Output:
	// counted: true
	// shown: true
}

// serve starts a server. It returns its address and how to stop it.
func serve() (addr string, stop func()) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	healthgrpc.RegisterHealthServer(server, health.NewServer())
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(lis)
	}()
	return lis.Addr().String(), func() {
		server.Stop()
		<-served
	}
}

// call sends one RPC.
func call(conn *grpc.ClientConn) {
	if _, err := healthgrpc.NewHealthClient(conn).Check(context.Background(), &healthgrpc.HealthCheckRequest{}); err != nil {
		log.Fatal(err)
	}
}

// get returns what the handler answers.
func get(h http.Handler, path string) string {
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
	return answer.Body.String()
}
