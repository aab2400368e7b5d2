package addresstrap_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/addresstrap"
	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/clustertest"
)

func TestMain(m *testing.M) { clustertest.Main(m) }

func TestEndpointsByAddressFail(t *testing.T) {
	ctx, c := clustertest.Start(t, "")
	for _, serverName := range []string{"", c.Members[0].Name()} {
		failure, err := addresstrap.Put(ctx, c, serverName)
		if err != nil {
			t.Fatal(err)
		}
		if !errors.Is(failure.Err, context.DeadlineExceeded) || len(failure.ConnectionErrors) != 3 {
			t.Errorf("ServerName %q: put: %v, want deadline exceeded; live page: %v, want three backends", serverName, failure.Err, failure.ConnectionErrors)
		}
		for backend, last := range failure.ConnectionErrors {
			if !strings.Contains(last, "doesn't contain any IP SANs") {
				t.Errorf("ServerName %q: %s failed with %q", serverName, backend, last)
			}
		}
	}
}
