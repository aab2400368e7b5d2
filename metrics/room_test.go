package metrics_test

import (
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/metrics"
)

func wantFolded(t *testing.T, m *metrics.Metrics, want float64) {
	t.Helper()
	if got := scrape(t, m).sum("folded_subchannels_total"); got != want {
		t.Errorf("folded = %v, want %v", got, want)
	}
}

// All backends are replaced after a while without scrapes.
func TestExpiredBackendsMakeRoom(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		since time.Duration // time since the last use of the first backends
		late  bool          // RPCs end after their subchannels are shut down
		want  []string
		fold  float64
	}{
		{"expired", 5 * time.Minute, false, []string{"d:1", "e:1", "f:1"}, 0},
		{"long expired", time.Hour, false, []string{"d:1", "e:1", "f:1"}, 0},
		{"expired, after a late end", 5 * time.Minute, true, []string{"d:1", "e:1", "f:1"}, 0},
		{"within the retention", 5*time.Minute - 1, false, []string{"a:1", "b:1", "c:1", "other"}, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := metrics.New(metrics.WithMaxBackends(3))
				s, cc, _ := metered(t, m)
				a, b, c := s.connect(t, "a:1"), s.connect(t, "b:1"), s.connect(t, "c:1")
				endA, endB := pickOf(t, s, cc, a), pickOf(t, s, cc, b)
				if !tt.late {
					endA()
					endB()
				}
				for _, sc := range []balancer.SubConn{a, b, c} {
					sc.Shutdown()
				}
				if tt.late {
					endA()
					endB()
				}
				time.Sleep(tt.since)
				for _, addr := range []string{"d:1", "e:1", "f:1"} {
					s.connect(t, addr)
				}
				wantBackends(t, m, tt.want...)
				wantFolded(t, m, tt.fold)
			})
		})
	}
}

// A picker that gRPC has replaced starts an RPC on a backend that would expire. That
// backend stays; idle ones expire.
func TestBackendWithALateRPCDoesNotMakeRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New(metrics.WithMaxBackends(2))
		s, cc, _ := metered(t, m)
		a := s.connect(t, "a:1")
		s.publish(balancer.PickResult{SubConn: a}, nil)
		a.Shutdown()
		s.connect(t, "b:1").Shutdown()
		time.Sleep(time.Hour)
		res, err := cc.State().Picker.Pick(balancer.PickInfo{})
		if err != nil {
			t.Fatalf("Pick: %v", err)
		}
		s.connect(t, "c:1")
		s.connect(t, "d:1")
		res.Done(success)
		time.Sleep(4 * time.Minute)
		wantBackends(t, m, "a:1", "c:1", "other") // the retention of a begins
		time.Sleep(5*time.Minute - 1)
		if got := scrape(t, m).nonzero()["rpc_attempts_total a:1 OK"]; got != 1 {
			t.Errorf("RPCs = %v, want 1", got)
		}
		time.Sleep(1)
		wantBackends(t, m, "c:1", "other")
	})
}

// One scrape finds an RPC in flight, which ends before the next scrape.
func TestBackendKeepsItsRetentionAfterTheLastRPCThatWasSeen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New(metrics.WithMaxBackends(1))
		s, cc, _ := metered(t, m)
		a := s.connect(t, "a:1")
		pickOf(t, s, cc, a)()
		a.Shutdown()
		end := pickOf(t, s, cc, a) // late
		time.Sleep(4 * time.Minute)
		wantBackends(t, m, "a:1")
		end()
		time.Sleep(5*time.Minute - 1)
		s.connect(t, "b:1").Shutdown()
		wantFolded(t, m, 1)
	})
}

func TestFoldedBackendGetsItsOwnSeriesWhenThereIsRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New(metrics.WithMaxBackends(1))
		s, cc, _ := metered(t, m)
		a := s.connect(t, "a:1")
		old := s.connect(t, "b:1")
		wantBackends(t, m, "a:1", "other")
		a.Shutdown()
		time.Sleep(5 * time.Minute)
		renewed := s.connect(t, "b:1")
		wantBackends(t, m, "b:1", "other")
		pickOf(t, s, cc, old)()
		pickOf(t, s, cc, renewed)()
		pickOf(t, s, cc, renewed)()
		got := scrape(t, m).nonzero()
		if other, own := got["rpc_attempts_total other OK"], got["rpc_attempts_total b:1 OK"]; other != 1 || own != 2 {
			t.Errorf("RPCs of the old subchannel = %v, of the new one = %v, want 1 as other and 2", other, own)
		}
		wantFolded(t, m, 1)
		old.Shutdown()
		time.Sleep(5 * time.Minute)
		wantBackends(t, m, "b:1")
	})
}
