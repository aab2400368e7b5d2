package metrics

import (
	"net/http"
	"runtime"
	"strings"
	"time"
	"unsafe"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// SubConnSize is the size of the decorator's SubConn.
const SubConnSize = unsafe.Sizeof(subConn{})

// BackendRecordSize is the size of a backend's record, without its counts of picks.
const BackendRecordSize = unsafe.Sizeof(backendRecord{})

// HandlerAt returns m's page with another wall clock.
func HandlerAt(m *Metrics, wall func() time.Time) http.Handler { return m.handler(wall) }

// Configure is what ConfigureDefault does.
func Configure(m *Metrics, opts ...Option) error { return m.configure(opts) }

// NewDefault makes what Default is, for another registry.
func NewDefault(r prometheus.Registerer) *Metrics {
	return newDefault(func() prometheus.Registerer { return r })
}

// Register is the function that registers Default when it is used first.
var Register = register

// Description is one row of the table of a scope's metrics.
type Description struct {
	Name, Help, Type string
	Labels           []string // labels of the scope
	Label            string   // extra label of the metric, or ""
	Values           []string // of Label
}

// BackendMetrics and TargetMetrics describe the metrics of each backend and of
// each target.
func BackendMetrics() []Description { return describe(plainCatalog.backend) }
func TargetMetrics() []Description  { return describe(plainCatalog.target) }

func describe[R any](sc *scope[R]) (all []Description) {
	for _, m := range sc.metrics {
		d := Description{
			Name: m.name, Help: m.help, Type: strings.ToLower(m.kind.String()),
			Labels: sc.labels, Label: m.extra.name,
		}
		for _, pair := range m.extra.values {
			d.Values = append(d.Values, pair.GetValue())
		}
		all = append(all, d)
	}
	return all
}

// Records returns the number of records that m holds, expired ones included.
func Records(m *Metrics) int {
	m.records.mu.Lock()
	defer m.records.mu.Unlock()
	n := m.records.targets.len()
	for t := range m.records.targets.values() {
		n += t.backends.len()
	}
	return n
}

// Waiting returns the number of RPCs that wait for a pick.
func Waiting(m *Metrics) int64 { return m.waits.n.Load() }

// WaitingAttempts returns the number of RPC attempts that the page shows as
// waiting, for all targets together.
func WaitingAttempts(m *Metrics) (n int64) {
	for _, s := range m.snapshot() {
		n += s.targetRecord.waiting.Load()
	}
	return n
}

// TableRoom returns the size in bytes of a table with n entries, and its size after
// all but left of them have been deleted, one by one or together. Nothing else must
// allocate meanwhile.
func TableRoom(n, left int, oneByOne bool) (full, after int) {
	var t table[int, int]
	before := HeapSize()
	for i := range n {
		t.put(i, i)
	}
	full = HeapSize() - before
	if oneByOne {
		for i := left; i < n; i++ {
			t.delete(i)
		}
	} else {
		t.deleteFunc(func(i int) bool { return i >= left })
	}
	after = HeapSize() - before
	runtime.KeepAlive(&t)
	return full, after
}

// HeapSize returns the size in bytes of what is reachable on the heap.
func HeapSize() int {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC() // a sync.Pool keeps objects over one collection
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}

// FirstObservations records n durations for m's only backend, each as if the
// backend had no histogram yet.
func FirstObservations(m *Metrics, n int) {
	for _, s := range m.snapshot() {
		for _, b := range s.backends {
			for range n {
				b.newRPCDurations().histogram.Observe(1)
			}
		}
	}
}

// LowestInFlight reads in flight of m's only backend n times and returns the lowest
// value.
func LowestInFlight(m *Metrics, n int) int64 {
	b := m.snapshot()[0].backends[0]
	low := b.traffic().inFlight
	for range n {
		low = min(low, b.traffic().inFlight)
	}
	return low
}

// InFlightAcross reads in flight while an RPC begins and ends between the two reads
// of counters.
func InFlightAcross() int64 {
	var rpcs uint64
	return readTraffic(
		func() ends {
			e := ends{repicks: rpcs}
			rpcs++
			return e
		},
		func() uint64 {
			picks := rpcs
			rpcs++
			return picks
		}).inFlight
}

// ReadyAcross reads the subchannels of a backend whose only one is ejected and
// READY before the first read of counters and IDLE before the second, or the other
// way round.
func ReadyAcross(leaves bool) (readyNow, usableNow, ejectedNow int64) {
	var b backendRecord
	enter := func() {
		b.ready.Add(1)
		b.unusable.move(usable, ejected)
	}
	if leaves {
		enter()
	}
	r := readReady(func() unusableReading {
		r := b.unusable.scrape()
		if leaves {
			b.unusable.move(ejected, usable)
			b.ready.Add(-1)
		} else {
			enter()
		}
		return r
	}, func() int64 { return int64(b.ready.Load()) })
	return r.ready(), r.usable, r.unusable.count(int(ejected) - 1)
}

// Replace sets the SubConn that sc, one of the decorator's, stands before.
func Replace(sc, inner balancer.SubConn) { sc.(*subConn).SubConn = inner }

// CountUnusable counts n subchannels for each reason, and says how many a scrape
// then finds.
func CountUnusable(n int) (counts []int64) {
	var c unusableCounts
	for reason := range numUnusable {
		for range n {
			c.move(usable, usability(reason+1))
		}
	}
	for reason := range numUnusable {
		counts = append(counts, c.scrape().count(reason))
	}
	return counts
}

// Look returns what the live page reads of each target, as the page reads it.
func Look(m *Metrics) map[livestatus.Key]livestatus.Status {
	s := m.pageSnapshot(time.Now)
	var wait time.Duration
	for _, t := range s.Targets {
		wait = max(wait, t.Sample())
	}
	time.Sleep(wait)
	all := make(map[livestatus.Key]livestatus.Status)
	for _, t := range s.Targets {
		all[t.Key] = t.Read()
	}
	return all
}

// LookBriefly looks at all targets as an answer of the page does.
func LookBriefly(m *Metrics) {
	s := m.pageSnapshot(time.Now)
	for _, t := range s.Targets {
		t.Read()
	}
	s.Release()
}

// EndpointUpdates takes updates of endpoints with these names. It returns how many
// each says have come and gone; none for an update that changes nothing.
func EndpointUpdates(updates ...[]string) (changes [][2]int) {
	var l endpointList
	for _, names := range updates {
		var s resolver.State
		for _, name := range names {
			s.Endpoints = append(s.Endpoints, resolver.Endpoint{Addresses: []resolver.Address{{Addr: name}}})
		}
		var change [2]int
		if c := l.update(&s); c != nil {
			change = [2]int{c.addedCount, c.removedCount}
		}
		changes = append(changes, change)
	}
	return changes
}
