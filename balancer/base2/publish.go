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
	batchMinSize  = 100                   // no rebuild is delayed with fewer endpoints in it,
	batchMinCost  = 10 * time.Microsecond // or if the last one took less time
	batchShare    = 10                    // rebuilds take 1/batchShare of the time
	batchMaxDelay = 5 * time.Millisecond
)

// publisher knows what was published last and what has changed since. The
// endpointBalancer's mutex guards it.
type publisher struct {
	last         balancer.State     // published last; its Picker is nil before the first time
	aggregate    connectivity.State // for which last was made
	readyChanged bool               // the READY endpoints, their attributes, the resolver's, or the config
	errorChanged bool               // the error of picks in TRANSIENT_FAILURE
	viewChanged  bool               // something else that a policy sees of its endpoints
	answerDue    bool               // there was a resolver update; see answerLocked

	cost    time.Duration // of the last rebuild
	ended   time.Time     // when it ended
	delayed timer         // until a delayed rebuild
}

// staleLocked tells whether a new picker would pick differently.
func (b *endpointBalancer[S]) staleLocked(aggregate connectivity.State) bool {
	p := &b.publisher
	switch {
	case p.last.Picker == nil, aggregate != p.aggregate:
		return true
	case b.policyPicks(aggregate):
		return b.changedLocked() || b.requests.rebuild.Load()
	case aggregate == connectivity.TransientFailure:
		return p.errorChanged
	default:
		return false
	}
}

// policyPicks tells whether pickers in that state are the policy's.
func (b *endpointBalancer[S]) policyPicks(aggregate connectivity.State) bool {
	return b.options.everyState || aggregate == connectivity.Ready
}

// changedLocked tells whether something has changed that the policy's pickers depend on.
func (b *endpointBalancer[S]) changedLocked() bool {
	return b.publisher.readyChanged || b.options.everyState && b.publisher.viewChanged
}

// delayLocked returns how long to delay the next rebuild. It never delays a change of
// the aggregated state, which RPCs wait for.
func (b *endpointBalancer[S]) delayLocked(aggregate connectivity.State) time.Duration {
	p := &b.publisher
	size := b.ready.len()
	if b.options.everyState {
		size = len(b.order)
	}
	rest := min(p.cost*(batchShare-1), batchMaxDelay)
	switch {
	case p.answerDue, p.last.Picker == nil, aggregate != p.aggregate:
		return 0
	case b.policyPicks(aggregate) && !b.changedLocked(): // there is only a request
		rest = batchMaxDelay
	case size < batchMinSize, p.cost < batchMinCost:
		return 0
	}
	return rest - time.Since(p.ended)
}

func (b *endpointBalancer[S]) publish() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.publishLocked()
}

// publishLocked publishes a new picker if the last one is stale: now, or when
// enough time has passed since the last rebuild.
func (b *endpointBalancer[S]) publishLocked() {
	p := &b.publisher
	aggregate := b.states.aggregate()
	switch {
	case b.updating, b.closed:
		return
	case !b.staleLocked(aggregate):
		b.answerLocked()
		return
	}
	if wait := b.delayLocked(aggregate); wait > 0 {
		if !p.delayed.isRunning() {
			p.delayed.start(wait, &b.mu, b.publish)
		}
		return
	}
	p.delayed.stop()
	p.cost = b.options.timed(func() {
		p.last, p.aggregate = b.stateLocked(aggregate), aggregate
		b.cc.UpdateState(p.last)
	})
	p.ended = time.Now()
	p.readyChanged, p.errorChanged, p.viewChanged, p.answerDue = false, false, false, false
}

// answerLocked publishes the last picker again if there was a resolver update that
// changed nothing. grpc-go's policies answer each update with a picker, and some
// parents rely on this: weighted_target puts new weights into effect then.
func (b *endpointBalancer[S]) answerLocked() {
	if b.publisher.answerDue {
		b.publisher.answerDue = false
		b.cc.UpdateState(b.publisher.last)
	}
}

// stateLocked returns what to report to the channel: the aggregated state with a
// picker for it, or TRANSIENT_FAILURE if no picker could be built.
func (b *endpointBalancer[S]) stateLocked(aggregate connectivity.State) balancer.State {
	var picker balancer.Picker
	switch {
	case b.policyPicks(aggregate) && len(b.order) > 0:
		var err error
		if picker, err = b.newPickerLocked(); err != nil {
			return failing(err)
		}
	case aggregate == connectivity.TransientFailure:
		return failing(b.failureLocked())
	default:
		picker = base.NewErrPicker(balancer.ErrNoSubConnAvailable)
	}
	return balancer.State{ConnectivityState: aggregate, Picker: picker}
}

func failing(err error) balancer.State {
	return balancer.State{ConnectivityState: connectivity.TransientFailure, Picker: base.NewErrPicker(err)}
}

// newPickerLocked has the policy make a picker. The error says why it could not; the
// next change leads to another attempt.
func (b *endpointBalancer[S]) newPickerLocked() (picker balancer.Picker, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = b.panicked("make picker", reason)
		}
	}()
	if author(b.policy) == nil {
		return nil, fmt.Errorf("%s: make picker: there is no policy; the function that makes policies returned nil", b.name)
	}
	b.requests.answer()
	picker = b.policy.NewPicker(View[S]{b})
	if picker == nil {
		return nil, fmt.Errorf("%s: make picker: %T returned a nil picker; have it return base.NewErrPicker if there is none", b.name, author(b.policy))
	}
	return picker, nil
}

// panicked turns a panic of the policy into an error.
func (b *endpointBalancer[S]) panicked(doing string, reason any) error {
	logger.Errorf("%s: %s: %T panicked: %v\n%s", b.name, doing, author(b.policy), reason, debug.Stack())
	return fmt.Errorf("%s: %s: %T panicked: %v", b.name, doing, author(b.policy), reason)
}

// author returns what the author of the policy wrote.
func author(policy any) any {
	if a, ok := policy.(adapter); ok {
		return a.PickerBuilder
	}
	return policy
}
