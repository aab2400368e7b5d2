package metrics

import (
	"sync"
	"sync/atomic"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/metrics/internal/grpcinstruments"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// instance meters one policy instance: it is the ClientConn that the policy
// sees, and follows the SubConns that the policy makes. What it does not
// intercept goes to the embedded ClientConn, which is gRPC's.
type instance struct {
	balancer.ClientConn
	metrics      *Metrics
	targetRecord *targetRecord
	options      *options
	namer        backendNamer
	events       eventQueue
	resolver     resolverHistory

	// Read by each pick.
	timed atomic.Bool // latency is measured
	waits *waits      // of metrics

	pickers atomic.Uint64 // number of pickers published

	instruments *grpcinstruments.Scope // what the policy records with gRPC's instruments

	closed atomic.Bool // set under mu; read it under mu if close must not happen in between

	// mu guards the fields below and the fields of subConn that say so. No call
	// to gRPC, to the policy or to a method of Metrics is made under it.
	mu    sync.Mutex
	live  map[*subConn]struct{} // the SubConns that are counted
	state connectivity.State    // last reported by the policy
	since instant               // when state began
}

func newInstance(cc balancer.ClientConn, m *Metrics, target, policy string) *instance {
	o := m.use()
	if o.nameTarget != nil {
		target = o.nameTarget(target)
	}
	inst := &instance{
		ClientConn:  cc,
		metrics:     m,
		options:     o,
		namer:       backendNamer{options: o},
		waits:       &m.waits,
		instruments: o.instruments.NewScope(),
		live:        make(map[*subConn]struct{}),
		since:       m.now(),
		state:       connectivity.Connecting, // what a channel shows until its policy reports
	}
	key := targetKey{target: label(target), policy: label(policy)}
	inst.targetRecord = m.records.open(key, inst)
	inst.timed.Store(o.latency)
	inst.tell(happening{kind: livestatus.InstanceBuilt})
	if inst.targetRecord.targetKey != key {
		inst.tell(happening{kind: livestatus.Folded, detail: key.target})
	}
	return inst
}

// NewSubConn implements [balancer.ClientConn]. SubConns that a policy makes after
// Close, which gRPC refuses, are not counted, because nothing would stop counting
// them.
func (inst *instance) NewSubConn(addrs []resolver.Address, opts balancer.NewSubConnOptions) (balancer.SubConn, error) {
	if inst.closed.Load() {
		return inst.ClientConn.NewSubConn(addrs, opts)
	}
	sc := &subConn{instance: inst, healthChecked: opts.HealthCheckEnabled, since: inst.metrics.now()}
	opts.StateListener = sc.stateListener(opts.StateListener)
	inner, err := inst.ClientConn.NewSubConn(addrs, opts)
	if err != nil {
		return nil, err
	}
	sc.SubConn = inner
	id := inst.namer.id(addrs)
	sc.backendRecord = inst.metrics.records.acquire(inst.targetRecord, id)
	if sc.backendRecord.key() != id.key() {
		inst.tell(happening{kind: livestatus.Folded, backend: sc.backendRecord, detail: id.name})
	}
	sc.counts, sc.done = sc.backendRecord.counts, sc.backendRecord.newDone()
	if !sc.track() {
		inst.metrics.records.release(sc.backendRecord)
	}
	return sc, nil
}

// RemoveSubConn implements [balancer.ClientConn].
func (inst *instance) RemoveSubConn(sc balancer.SubConn) {
	metered, ok := inst.metered(sc)
	if !ok {
		inst.ClientConn.RemoveSubConn(sc)
		return
	}
	metered.untrack()
	inst.ClientConn.RemoveSubConn(metered.SubConn)
}

// UpdateAddresses implements [balancer.ClientConn].
func (inst *instance) UpdateAddresses(sc balancer.SubConn, addrs []resolver.Address) {
	if metered, ok := inst.metered(sc); ok {
		sc = metered.SubConn
	}
	inst.ClientConn.UpdateAddresses(sc, addrs)
}

// UpdateState implements [balancer.ClientConn].
func (inst *instance) UpdateState(s balancer.State) {
	if inst.noteState(s.ConnectivityState) {
		inst.tell(happening{kind: livestatus.InstanceState, detail: s.ConnectivityState.String()})
	}
	if s.Picker != nil {
		inst.targetRecord.pickerUpdates.Add(1)
		s.Picker = newPicker(inst, s.Picker)
	}
	inst.ClientConn.UpdateState(s)
}

// noteState keeps the state that the policy reports. It returns whether it is a new one.
func (inst *instance) noteState(s connectivity.State) bool {
	inst.mu.Lock()
	defer inst.mu.Unlock()
	if s == inst.state || inst.closed.Load() {
		return false
	}
	inst.state, inst.since = s, inst.metrics.now()
	return true
}

// metered returns sc as a subConn if this instance made it. A metered child's
// SubConns have the same type, but another instance.
func (inst *instance) metered(sc balancer.SubConn) (*subConn, bool) {
	metered, ok := sc.(*subConn)
	if !ok || metered.instance != inst {
		return nil, false
	}
	return metered, true
}

// close releases the SubConns that the policy has not shut down, and the
// target's record. gRPC shuts these SubConns down by itself, without an event.
func (inst *instance) close() {
	inst.mu.Lock()
	first := !inst.closed.Swap(true)
	var used []*backendRecord
	for sc := range inst.live {
		sc.untrackLocked()
		used = append(used, sc.backendRecord)
	}
	inst.mu.Unlock()
	if !first {
		return
	}
	for _, b := range used {
		inst.metrics.records.release(b)
	}
	inst.instruments.Close()
	inst.waits.instanceClosed(inst)
	inst.tell(happening{kind: livestatus.InstanceClosed})
	inst.metrics.records.close(inst)
}

// subConnEvent has the arguments of UpdateSubConnState. A policy gets this call for
// SubConns that it made without a StateListener.
type subConnEvent struct {
	subConn *subConn
	state   balancer.SubConnState
}

// eventQueue passes events on to UpdateSubConnState, and keeps them until the
// policy is built. gRPC sends none before that, but they occur if a parent builds
// its child in a goroutine.
type eventQueue struct {
	// mu guards the fields below. Nothing is called under it.
	mu     sync.Mutex
	policy balancer.Balancer // nil until all early events have been delivered
	early  []subConnEvent
}

// deliver passes the event on or, until the policy is built, keeps it.
func (q *eventQueue) deliver(e subConnEvent) {
	if p := q.policyOrKeep(e); p != nil {
		p.UpdateSubConnState(e.subConn, e.state)
	}
}

func (q *eventQueue) policyOrKeep(e subConnEvent) balancer.Balancer {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.policy == nil {
		q.early = append(q.early, e)
	}
	return q.policy
}

// open passes the early events on to the policy, in order. Later events go to it
// at once.
func (q *eventQueue) open(p balancer.Balancer) {
	for early := q.takeEarly(p); len(early) > 0; early = q.takeEarly(p) {
		for _, e := range early {
			p.UpdateSubConnState(e.subConn, e.state)
		}
	}
}

// takeEarly returns the events kept so far. If there are none, no more are kept
// from now on.
func (q *eventQueue) takeEarly(p balancer.Balancer) []subConnEvent {
	q.mu.Lock()
	defer q.mu.Unlock()
	early := q.early
	q.early = nil
	if len(early) == 0 {
		q.policy = p
	}
	return early
}
