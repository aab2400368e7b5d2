package metrics_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/metrics"
)

func TestDroppedEventsAreToldOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := &slogged{block: make(chan struct{})}
		m := metrics.New(metrics.WithEventLogger(slog.New(log)))
		s, cc := &stub{}, &looseConn{}
		m.Instrument(s).Build(cc, balancer.BuildOptions{})
		connect := func(name string) {
			s.connect(t, name)
			cc.made[len(cc.made)-1].state(connecting, ready)
		}
		for i := range 2000 {
			connect(fmt.Sprintf("%d:1", i))
			if i == 0 {
				synctest.Wait() // the handler blocks
			}
		}
		close(log.block)
		synctest.Wait()
		for _, name := range []string{"next:1", "last:1"} {
			connect(name)
			synctest.Wait()
		}
		lines := log.lines[len(log.lines)-2:]
		if !strings.Contains(lines[0], "dropped_before=") {
			t.Errorf("the first record after dropped ones is %q, want it to say how many", lines[0])
		}
		if !strings.Contains(lines[1], "backend=last:1") || strings.Contains(lines[1], "dropped_before=") {
			t.Errorf("the next record is %q, want that of last:1, before which none was dropped", lines[1])
		}
	})
}
