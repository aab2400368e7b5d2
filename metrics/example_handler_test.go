package metrics_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httptest"

	"google.golang.org/grpc"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthgrpc "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// shown meters pick_first under another name.
var shown = metrics.New()

func init() {
	balancer.Register(shown.InstrumentAs("shown_pick_first", balancer.Get("pick_first")))
}

// Mount the live page where only operators can reach it: it shows internal
// addresses. Programs can get the same data as JSON.
func ExampleMetrics_Handler() {
	operators := http.NewServeMux()
	operators.Handle("/debug/lb", shown.Handler())
	page := httptest.NewServer(operators) // on a port that is not public
	defer page.Close()

	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	healthgrpc.RegisterHealthServer(server, health.NewServer())
	go func() { _ = server.Serve(lis) }()
	defer server.Stop()
	conn, err := grpc.NewClient(lis.Addr().String(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"shown_pick_first": {}}]}`))
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := healthgrpc.NewHealthClient(conn).Check(context.Background(), &healthgrpc.HealthCheckRequest{}); err != nil {
		log.Fatal(err)
	}

	resp, err := http.Get(page.URL + "/debug/lb?format=json&state=READY")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var state struct {
		Backends []struct {
			Policy, State string
			Picks         int
			RPCs          map[string]int
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&state); err != nil {
		log.Fatal(err)
	}
	for _, b := range state.Backends {
		fmt.Println(b.Policy, b.State, b.Picks, b.RPCs)
	}
	// Output: shown_pick_first READY 1 map[OK:1]
}
