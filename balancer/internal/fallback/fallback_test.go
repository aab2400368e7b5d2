// Package fallback has only tests: those of a binary that does not import the
// policies.
package fallback_test

import (
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/credentials/insecure"
)

func newClient(config string) error {
	conn, err := grpc.NewClient("passthrough:///127.0.0.1:1",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(config))
	if err == nil {
		err = conn.Close()
	}
	return err
}

func TestWithoutTheImportTheNextOfTheListIsTaken(t *testing.T) {
	t.Parallel()
	if balancer.Get("round_robin2") != nil {
		t.Fatal("round_robin2 is registered: something imports it")
	}
	if err := newClient(`{"loadBalancingConfig": [{"round_robin2": {}}, {"round_robin": {}}]}`); err != nil {
		t.Errorf("with a fallback: %v", err)
	}
	err := newClient(`{"loadBalancingConfig": [{"round_robin2": {}}]}`)
	if err == nil || !strings.Contains(err.Error(), "no supported policies found in") || !strings.Contains(err.Error(), "round_robin2") {
		t.Errorf("without one: %v, want an error that says so", err)
	}
}
