package podchanges_test

import (
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/resolver/dns"

	"github.com/grpc-balancer2/balancer2/examples/dns/internal/podchanges"
)

const interval = 500 * time.Millisecond

func TestMain(m *testing.M) {
	dns.SetMinResolutionInterval(interval)
	goleak.VerifyTestMain(m)
}

func settings() podchanges.Settings {
	return podchanges.Settings{
		Pods:                  3,
		Every:                 5 * time.Millisecond,
		MinResolutionInterval: interval,
		MaxConnectionAge:      time.Second,
		ResolveEvery:          time.Second, // the shortest that there is
		MinReady:              2 * interval,
		PreStop:               100 * time.Millisecond,
		Watch:                 5 * interval,
	}
}
