package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/codes"
)

// Describe implements [prometheus.Collector].
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		picksDesc, repicksDesc, rpcsDesc, inFlightDesc, connectsDesc, disconnectionsDesc, earlyDisconnectionsDesc, readyDesc,
		rpcDurationDesc,
		subchannelsDesc, delayedDesc, failedDesc, pickerUpdatesDesc, resolverUpdatesDesc, foldedDesc, channelsDesc,
		pickWaitDesc, connectDurationDesc,
	} {
		ch <- d
	}
}

// Collect implements [prometheus.Collector]. It drops the records whose
// retention has passed.
func (m *Metrics) Collect(ch chan<- prometheus.Metric) {
	for _, s := range m.snapshot() {
		s.target.collect(ch, len(s.channels))
		for _, b := range s.backends {
			b.collect(ch)
		}
	}
}

// series is what one target has to show.
type series struct {
	target   *target
	channels []*channel
	backends []*backend
}

// snapshot returns the records, so that they can be read without holding up
// those who need mu.
func (m *Metrics) snapshot() []series {
	m.waits.prune(time.Now())
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	for t := range m.targets.values() {
		t.lookLocked(now)
	}
	m.sweepLocked(now)
	all := make([]series, 0, m.targets.len())
	for t := range m.targets.values() {
		all = append(all, t.seriesLocked())
	}
	return all
}

func (b *backend) collect(ch chan<- prometheus.Metric) {
	traffic := b.traffic()
	own := b.labels()
	s := newSamples(b.created, 8)
	s.counter(picksDesc, own, traffic.picks)
	s.counter(repicksDesc, own, traffic.repicks)
	for code, n := range traffic.finished {
		if n > 0 || codes.Code(code) == codes.OK {
			s.counter(rpcsDesc, before(codePairs[code], own), n)
		}
	}
	s.gauge(inFlightDesc, own, traffic.inFlight)
	s.counter(connectsDesc, after(own, successPair), b.connected.Load())
	s.counter(connectsDesc, after(own, failurePair), b.connectFailed.Load())
	s.counter(disconnectionsDesc, own, b.disconnections.Load())
	if n := b.early.Load(); n > 0 { // rare: not worth a series for each backend
		s.counter(earlyDisconnectionsDesc, own, n)
	}
	s.gauge(readyDesc, own, b.ready.Load())
	s.send(ch)
	if h := b.rpcDuration.Load(); h != nil {
		ch <- h
	}
}

func (t *target) collect(ch chan<- prometheus.Metric, channels int) {
	own := t.labels()
	s := newSamples(t.created, 12)
	for state := range t.subchannels {
		s.gauge(subchannelsDesc, before(statePairs[state], own), t.subchannels[state].Load())
	}
	s.counter(delayedDesc, own, t.delayed.Load())
	s.counter(failedDesc, own, t.failed.Load())
	s.counter(pickerUpdatesDesc, own, t.pickerUpdates.Load())
	s.counter(resolverUpdatesDesc, after(own, okPair), t.accepted.Load())
	s.counter(resolverUpdatesDesc, after(own, rejectedPair), t.rejected.Load())
	s.counter(resolverUpdatesDesc, after(own, errorPair), t.resolverErrors.Load())
	s.counter(foldedDesc, own, t.folded.Load())
	s.gauge(channelsDesc, own, int64(channels))
	s.send(ch)
	for _, h := range t.pickWait {
		ch <- h
	}
	ch <- t.connectDuration
}
