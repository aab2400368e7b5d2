package metrics_test

import (
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// Not parallel: it looks at the heap. The samples of a target have room for the backends
// that it has, not for all that it ever had.
func TestSamplesHaveNoRoomForBackendsThatAreGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New(metrics.WithLatency(), metrics.WithRetention(time.Second))
		s, cc := &stub{}, &looseConn{}
		m.Instrument(s).Build(cc, balancer.BuildOptions{})
		s.connect(t, "stays:1")
		generations := func(n int) {
			for i := range n {
				sc := s.connect(t, fmt.Sprintf("%d:1", i))
				metrics.LookBriefly(m)
				sc.Shutdown()
				time.Sleep(3 * time.Second)
			}
			cc.made = nil
		}
		generations(100)
		before := heapSize()
		generations(2000)
		if got := heapSize() - before; got > 200_000 {
			t.Errorf("2,000 backends that came and went left %d bytes, want at most 200,000", got)
		}
		runtime.KeepAlive(m)
	})
}
