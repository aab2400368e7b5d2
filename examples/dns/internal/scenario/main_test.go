package scenario_test

import (
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/resolver/dns"

	"github.com/grpc-balancer2/balancer2/examples/dns/internal/scenario"
)

const interval = 500 * time.Millisecond

func TestMain(m *testing.M) {
	dns.SetMinResolutionInterval(interval)
	goleak.VerifyTestMain(m)
}

func settings() scenario.Settings {
	return scenario.Settings{
		Pods:                  3,
		Every:                 5 * time.Millisecond,
		MinResolutionInterval: interval,
		MaxConnectionAge:      time.Second,
		MinReady:              2 * interval,
		PreStop:               100 * time.Millisecond,
		Watch:                 5 * interval,
	}
}
