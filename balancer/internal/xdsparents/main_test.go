package xdsparents_test

import (
	"testing"

	"go.uber.org/goleak"
	_ "google.golang.org/grpc/xds" // registers the parents

	_ "github.com/grpc-balancer2/balancer2/balancer" // registers the policies
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
