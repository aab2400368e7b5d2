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
	batchMinReady = 100                   // no rebuild is delayed with fewer READY endpoints,
	batchMinCost  = 10 * time.Microsecond // or if the last one took less time
	batchShare    = 10                    // rebuilds take 1/batchShare of the time
	batchMaxDelay = 5 * time.Millisecond
)

// publisher knows what was published last and what has changed since. The
// endpointBalancer's mutex guards it.
type publisher struct {
	build buildPicker
	timed func(rebuild func()) time.Duration // runs it and returns how long it took

	last         balancer.State     // published last; its Picker is nil before the first time
	aggregate    connectivity.State // for which last was made
	readyChanged bool               // the READY endpoints, their attributes, or the config
	errorChanged bool               // the error of picks in TRANSIENT_FAILURE
	answerDue    bool               // there was a resolver update; see answerLocked

	cost    time.Duration // of the last rebuild
	ended   time.Time     // when it ended
	delayed timer         // until a delayed rebuild
}

// stale tells whether a new picker would pick differently.
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

// delay returns how long to delay the next rebuild. It never delays a change of the
// aggregated state: with the first or last READY endpoint, ready is small.
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

// publishLocked publishes a new picker if the last one is stale: now, or when
// enough time has passed since the last rebuild.
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
	if wait := p.delay(b.ready.len()); wait > 0 && !p.answerDue {
		if !p.delayed.isRunning() {
			p.delayed.start(wait, &b.mu, b.publish)
		}
		return
	}
	p.delayed.stop()
	p.cost = p.timed(func() {
		p.last, p.aggregate = b.stateLocked(aggregate), aggregate
		b.cc.UpdateState(p.last)
	})
	p.ended = time.Now()
	p.readyChanged, p.errorChanged, p.answerDue = false, false, false
}

// answerLocked publishes the last picker again if there was a resolver update that
// changed nothing. grpc-go's policies answer each update with a picker, and some
// parents rely on this: weighted_target puts new weights into effect then.
func (b *endpointBalancer) answerLocked() {
	if b.publisher.answerDue {
		b.publisher.answerDue = false
		b.cc.UpdateState(b.publisher.last)
	}
}

func timed(rebuild func()) time.Duration {
	start := time.Now()
	rebuild()
	return time.Since(start)
}

// stateLocked returns what to report to the channel: the aggregated state with a
// picker for it, or TRANSIENT_FAILURE if no picker could be built.
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

// readyPickerLocked has the PickerBuilder build a picker. The error says why it
// could not; the next change leads to another attempt.
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
