package record_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics/internal/clock"
	"github.com/grpc-balancer2/balancer2/metrics/internal/record"
)

// idle is a policy instance without subchannels.
type idle struct{}

func (*idle) ReadSubchannels(func(record.Subchannel)) (connectivity.State, clock.Instant) {
	return connectivity.Idle, 0
}

// open returns a store, and its only target with its only policy instance.
func open(retention time.Duration) (*record.Store, *record.Target, record.Instance) {
	s, inst := record.NewStore(clock.New()), new(idle)
	return s, s.Open(record.Key{Target: "t", Policy: "p"}, inst, &record.Settings{
		Retention: retention,
		Catalog:   record.NewCatalog(nil),
	}), inst
}

// collect scrapes the store.
func collect(t *testing.T, s *record.Store) []*dto.Metric {
	t.Helper()
	ch := make(chan prometheus.Metric)
	go func() {
		s.Collect(ch)
		close(ch)
	}()
	var all []*dto.Metric
	for m := range ch {
		one := new(dto.Metric)
		if err := m.Write(one); err != nil {
			t.Errorf("write: %v", err)
		}
		all = append(all, one)
	}
	return all
}

// If nobody scrapes while backends come and go, the making of new records drops
// expired ones.
func TestRecordsDoNotPileUpUnscraped(t *testing.T) {
	t.Parallel()
	s, target, _ := open(0)
	const n = 10_000
	for i := range n {
		s.Release(s.Acquire(target, record.ID{Name: fmt.Sprint(i)}))
	}
	if got := record.Records(s); got > 200 {
		t.Errorf("records after %d backends have come and gone: %d, want at most 200", n, got)
	}
	collect(t, s)
	if got := record.Records(s); got != 1 {
		t.Errorf("records after a scrape: %d, want 1, of the target", got)
	}
}

// A target without backends has a retention of its own.
func TestATargetStaysForTheRetention(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, target, inst := open(time.Minute)
		time.Sleep(time.Hour)
		s.Close(target, inst)
		time.Sleep(time.Minute - 1)
		if n := len(collect(t, s)); n == 0 {
			t.Error("no series just before the end of the retention")
		}
		time.Sleep(1)
		if n := len(collect(t, s)); n != 0 {
			t.Errorf("%d series after the retention, want none", n)
		}
	})
}

// Several RPCs may end before the histogram exists. Each makes one, and all must
// count in the one that stays.
func TestFirstObservationsAtOnceAllCount(t *testing.T) {
	t.Parallel()
	s, target, _ := open(0)
	record.FirstObservations(s.Acquire(target, record.ID{Name: "a:1"}), 8)
	var counts []uint64
	for _, m := range collect(t, s) {
		if n := m.GetHistogram().GetSampleCount(); n > 0 {
			counts = append(counts, n)
		}
	}
	if len(counts) != 1 || counts[0] != 8 {
		t.Errorf("RPCs measured = %v, want 8", counts)
	}
}
