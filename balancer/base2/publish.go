package base2

import (
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/connectivity"
)

const (
	batchMinReady = 100                   // with fewer READY endpoints no picker waits
	batchMinCost  = 10 * time.Microsecond // nor if a rebuild takes less
	batchShare    = 10                    // rebuilds take one part in so many of the time
	batchMaxDelay = 5 * time.Millisecond
)

// publisher knows what was published last, and what has changed since. It is
// guarded by the endpointBalancer's mutex.
type publisher struct {
	build buildPicker
	timed func(rebuild func()) time.Duration // runs it and tells what it cost

	last         balancer.State // that was published; without a picker before the first
	readyChanged bool           // the READY endpoints or their attributes
	errorChanged bool           // what picks in TRANSIENT_FAILURE say
	owed         bool           // a resolver update was taken; see answerLocked

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

// stale tells whether picks would go another way with a new picker.
func (p *publisher) stale(aggregate connectivity.State) bool {
	switch {
	case p.last.Picker == nil, aggregate != p.last.ConnectivityState:
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

// publishLocked publishes a new picker if the last is stale: now, or when enough
// time has passed since the last rebuild.
func (b *endpointBalancer) publishLocked() {
	p := &b.publisher
	aggregate := b.states.aggregate()
	switch {
	case b.quiet, b.closed:
		return
	case !p.stale(aggregate):
		b.answerLocked()
		return
	}
	if wait := p.delay(b.ready.len()); wait > 0 && !p.owed {
		if p.timer == nil {
			b.publishAfterLocked(wait)
		}
		return
	}
	p.stop()
	p.cost = p.timed(func() {
		p.last = balancer.State{ConnectivityState: aggregate, Picker: b.pickerLocked(aggregate)}
		b.cc.UpdateState(p.last)
	})
	p.ended = time.Now()
	p.readyChanged, p.errorChanged, p.owed = false, false, false
}

// answerLocked publishes the last picker once more if a resolver update has
// changed nothing. grpc-go's policies always answer an update with a picker, and
// some parents count on it: weighted_target puts new weights into effect then.
func (b *endpointBalancer) answerLocked() {
	if b.publisher.owed {
		b.publisher.owed = false
		b.cc.UpdateState(b.publisher.last)
	}
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
		b.ready.compact()
		return b.publisher.build(&b.ready)
	case connectivity.TransientFailure:
		return base.NewErrPicker(b.failureLocked())
	default:
		return base.NewErrPicker(balancer.ErrNoSubConnAvailable)
	}
}
