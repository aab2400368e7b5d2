package base2

import (
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/connectivity"
)

const (
	batchMinReady = 100                   // with fewer READY endpoints no picker waits
	batchMinCost  = 50 * time.Microsecond // nor if a rebuild takes less
	batchShare    = 10                    // rebuilds take one part in so many of the time
	batchMaxDelay = 100 * time.Millisecond
)

// publisher knows what was published last, and what has changed since. It is
// guarded by the endpointBalancer's mutex.
type publisher struct {
	pickerBuilder base.PickerBuilder
	timed         func(rebuild func()) time.Duration // runs it and tells what it cost

	published    bool               // at least once
	state        connectivity.State // that was published last
	readyChanged bool               // the READY endpoints or their attributes
	errorChanged bool               // what picks in TRANSIENT_FAILURE say

	cost  time.Duration // of the last rebuild
	ended time.Time     // when that was done
	timer *time.Timer   // until a rebuild that was put off; nil if there is none
}

// stop gives up on a rebuild that was put off.
func (p *publisher) stop() {
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
}

// due tells whether picks would go another way with a new picker.
func (p *publisher) due(aggregate connectivity.State) bool {
	switch {
	case !p.published, aggregate != p.state:
		return true
	case aggregate == connectivity.Ready:
		return p.readyChanged
	case aggregate == connectivity.TransientFailure:
		return p.errorChanged
	default:
		return false
	}
}

// delay returns how long the next rebuild is to be put off. The aggregated state
// changes when the first endpoint becomes READY or the last one no longer is,
// so that this never waits.
func (p *publisher) delay(ready int) time.Duration {
	if ready < batchMinReady || p.cost < batchMinCost {
		return 0
	}
	rest := min(p.cost*(batchShare-1), batchMaxDelay)
	return rest - time.Since(p.ended)
}

// publishLocked publishes a picker if one is due: now, or when enough time has
// passed since the last.
func (b *endpointBalancer) publishLocked() {
	p := &b.publisher
	aggregate := b.states.aggregate()
	if b.quiet || !p.due(aggregate) {
		return
	}
	if wait := p.delay(len(b.ready)); wait > 0 {
		if p.timer == nil {
			b.publishAfterLocked(wait)
		}
		return
	}
	p.stop()
	p.cost = p.timed(func() {
		b.cc.UpdateState(balancer.State{ConnectivityState: aggregate, Picker: b.pickerLocked(aggregate)})
	})
	p.ended = time.Now()
	p.published, p.state = true, aggregate
	p.readyChanged, p.errorChanged = false, false
}

func timed(rebuild func()) time.Duration {
	start := time.Now()
	rebuild()
	return time.Since(start)
}

func (b *endpointBalancer) publishAfterLocked(wait time.Duration) {
	var t *time.Timer
	t = time.AfterFunc(wait, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.publisher.timer != t { // it was stopped when it had fired already
			return
		}
		b.publisher.timer = nil
		b.publishLocked()
	})
	b.publisher.timer = t
}

func (b *endpointBalancer) pickerLocked(aggregate connectivity.State) balancer.Picker {
	switch aggregate {
	case connectivity.Ready:
		conns := make(map[balancer.SubConn]base.SubConnInfo, len(b.ready))
		for _, c := range b.ready {
			conns[c.picked.conn] = c.subConnInfoLocked()
		}
		return b.publisher.pickerBuilder.Build(base.PickerBuildInfo{ReadySCs: conns})
	case connectivity.TransientFailure:
		return base.NewErrPicker(b.failureLocked())
	default:
		return base.NewErrPicker(balancer.ErrNoSubConnAvailable)
	}
}
