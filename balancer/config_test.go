package balancer_test

import (
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

func TestBadConfigIsRefused(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, config, want string }{
		{"wrong type", `{"loadBalancingConfig": [{"pick_first2": {"shuffleAddressList": "yes"}}]}`, `pick_first2: parse config: field "shuffleAddressList" is a JSON string, want a bool`},
		{"not an object", `{"loadBalancingConfig": [{"round_robin2": []}]}`, `round_robin2: parse config: it is a JSON array, want an object such as {}`},
		{"not JSON", `{"loadBalancingConfig": [{"round_robin2": {]}`, `invalid character ']'`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			conn, err := grpc.NewClient("passthrough:///x", grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultServiceConfig(test.config))
			if err == nil {
				_ = conn.Close()
				t.Fatal("NewClient: no error")
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("NewClient: %v, want %s", err, test.want)
			}
		})
	}
}

func TestUnknownFieldsAreAccepted(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{pickfirst2.Name, roundrobin2.Name} {
		conn, err := grpc.NewClient("passthrough:///x", grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"`+policy+`": {"fromTheFuture": 1}}]}`))
		if err != nil {
			t.Errorf("NewClient with %s: %v", policy, err)
			continue
		}
		if got := conn.GetState(); got != connectivity.Idle {
			t.Errorf("state of a new channel: %v", got)
		}
		_ = conn.Close()
	}
}
