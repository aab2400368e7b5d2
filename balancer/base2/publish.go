package base2

import (
	"fmt"
	"runtime/debug"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/grpclog"
)

var logger = grpclog.Component("base2")

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

	last         balancer.State     // that was published; without a picker before the first
	aggregate    connectivity.State // that last was made for
	readyChanged bool               // the READY endpoints or their attributes
	errorChanged bool               // what picks in TRANSIENT_FAILURE say
	owed         bool               // a resolver update was taken; see answerLocked

	cost   time.Duration // of the last rebuild
	ended  time.Time     // when that was done
	putOff timer         // until a rebuild that waits
}

// stale tells whether picks would go another way with a new picker.
func (p *publisher) stale(aggregate connectivity.State) bool {
	switch {
	case p.last.Picker == nil, aggregate != p.aggregate:
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

func (b *endpointBalancer) publish() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.publishLocked()
}

// publishLocked publishes a new picker if the last is stale: now, or when enough
// time has passed since the last rebuild.
func (b *endpointBalancer) publishLocked() {
	p := &b.publisher
	aggregate := b.states.aggregate()
	switch {
	case b.updating, b.closed:
		return
	case !p.stale(aggregate):
		b.answerLocked()
		return
	}
	if wait := p.delay(b.ready.len()); wait > 0 && !p.owed {
		if !p.putOff.isRunning() {
			p.putOff.start(wait, &b.mu, b.publish)
		}
		return
	}
	p.putOff.stop()
	p.cost = p.timed(func() {
		p.last, p.aggregate = b.stateLocked(aggregate), aggregate
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

// stateLocked returns what the channel is to be told: usually the aggregated
// state with a picker for it.
func (b *endpointBalancer) stateLocked(aggregate connectivity.State) balancer.State {
	var picker balancer.Picker
	switch aggregate {
	case connectivity.Ready:
		var err error
		if picker, err = b.readyPickerLocked(); err != nil {
			return failing(err)
		}
	case connectivity.TransientFailure:
		return failing(b.failureLocked())
	default:
		picker = base.NewErrPicker(balancer.ErrNoSubConnAvailable)
	}
	return balancer.State{ConnectivityState: aggregate, Picker: picker}
}

func failing(err error) balancer.State {
	return balancer.State{ConnectivityState: connectivity.TransientFailure, Picker: base.NewErrPicker(err)}
}

// readyPickerLocked has the PickerBuilder make a picker. If it fails to, RPCs
// fail with an error that says so, until a change leads to the next attempt.
func (b *endpointBalancer) readyPickerLocked() (picker balancer.Picker, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = b.panicked("build picker", reason)
		}
	}()
	if b.pickerBuilder == nil {
		return nil, fmt.Errorf("%s: build picker: the policy has no PickerBuilder; newPickerBuilder returned nil", b.name)
	}
	picker = b.publisher.build(b)
	if picker == nil {
		return nil, fmt.Errorf("%s: build picker: %T returned a nil picker; have it return base.NewErrPicker if there is none", b.name, b.pickerBuilder)
	}
	return picker, nil
}

// panicked turns a panic of the PickerBuilder into an error.
func (b *endpointBalancer) panicked(doing string, reason any) error {
	logger.Errorf("%s: %s: %T panicked: %v\n%s", b.name, doing, b.pickerBuilder, reason, debug.Stack())
	return fmt.Errorf("%s: %s: %T panicked: %v", b.name, doing, b.pickerBuilder, reason)
}
