package metrics

import (
	"net/http"
	"runtime"
	"strings"
	"time"
	"unsafe"

	"google.golang.org/grpc/balancer"
)

// SubConnSize is the size of what a pick reads of its SubConn.
const SubConnSize = unsafe.Sizeof(subConn{})

// BackendRecordSize is the size of a backend's record, without its counts of picks.
const BackendRecordSize = unsafe.Sizeof(backendRecord{})

// HandlerAt is m's page where the wall clock says something else.
func HandlerAt(m *Metrics, wall func() time.Time) http.Handler { return m.handler(wall) }

// Register is what the package does with Default when it is initialized.
var Register = register

// Description is one row of the table of a scope's metrics.
type Description struct {
	Name, Help, Type string
	Labels           []string // those of the scope
	Label            string   // the one that only this metric has, or ""
	Values           []string // of Label
}

// BackendMetrics and TargetMetrics describe the metrics of each backend and of
// each target.
func BackendMetrics() []Description { return describe(backendMetrics) }
func TargetMetrics() []Description  { return describe(targetMetrics) }

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
// waiting, of all targets.
func WaitingAttempts(m *Metrics) (n int64) {
	for _, s := range m.snapshot() {
		n += s.targetRecord.waiting.Load()
	}
	return n
}

// TableRoom returns the bytes that a table of n entries takes, and then with left
// of them, deleted one by one or together. Nothing else must allocate meanwhile.
func TableRoom(n, left int, oneByOne bool) (full, after int) {
	var t table[int, int]
	before := heapSize()
	for i := range n {
		t.put(i, i)
	}
	full = heapSize() - before
	if oneByOne {
		for i := left; i < n; i++ {
			t.delete(i)
		}
	} else {
		t.deleteFunc(func(i int) bool { return i >= left })
	}
	after = heapSize() - before
	runtime.KeepAlive(&t)
	return full, after
}

func heapSize() int {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}

// FirstObservations has n RPCs end that all find that the backend of m, of which
// there is one, has no histogram yet.
func FirstObservations(m *Metrics, n int) {
	for _, s := range m.snapshot() {
		for _, b := range s.backends {
			for range n {
				b.newRPCDuration().Observe(1)
			}
		}
	}
}

// LowestInFlight reads what is in flight on the backend of m, of which there is
// one, n times.
func LowestInFlight(m *Metrics, n int) int64 {
	b := m.snapshot()[0].backends[0]
	low := b.traffic().inFlight
	for range n {
		low = min(low, b.traffic().inFlight)
	}
	return low
}

// InFlightAcross reads what is in flight while an RPC begins and ends between the
// first read of counters and the second.
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
	}, b.ready.Load)
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
