package incidents_test

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	_ "github.com/grpc-balancer2/balancer2/balancer" // registers the policies
	"github.com/grpc-balancer2/balancer2/balancer/internal/incidents"
	"github.com/grpc-balancer2/balancer2/metrics"
)

func TestMain(m *testing.M) {
	if err := metrics.ConfigureDefault(metrics.WithLastRPCErrors()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	// Incidents mostly wait, so more of them run at once than there are cores. The
	// flag -parallel of the command line overrides this.
	if err := flag.Set("test.parallel", "6"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// all lists the incidents. Ejection is in internal/xdsparents.
var all = []incidents.Incident{
	killed, allDown, slow, sick, unhealthy, added, removed, resolverDown, rollingUpdate,
}

func TestTheLivePageShowsTheIncident(t *testing.T) {
	t.Parallel()
	for _, i := range all {
		for _, n := range incidents.Sizes {
			t.Run(fmt.Sprintf("%s/%d", i.Name, n), func(t *testing.T) {
				t.Parallel()
				incidents.Play(t, &i, n)
			})
		}
	}
}
