package metrics

import (
	"sync"
	"sync/atomic"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/metrics/internal/clock"
	"github.com/grpc-balancer2/balancer2/metrics/internal/events"
	"github.com/grpc-balancer2/balancer2/metrics/internal/grpcinstruments"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
	"github.com/grpc-balancer2/balancer2/metrics/internal/record"
	"github.com/grpc-balancer2/balancer2/metrics/internal/waits"
)

// instance meters one policy instance: it is the ClientConn that the policy
// sees, and follows the SubConns that the policy makes. What it does not
// intercept goes to the embedded ClientConn, which is gRPC's.
type instance struct {
	balancer.ClientConn
	metrics      *Metrics
	targetRecord *record.Target
	options      *options
	namer        backendNamer
	early        eventQueue
	resolver     events.ResolverHistory

	// Read by each pick.
	timed atomic.Bool // latency is measured
	waits *waits.List // of metrics

	waiting *waits.Instance // the instance, as its waits know it

	instruments *grpcinstruments.Scope // what the policy records with gRPC's instruments

	closed atomic.Bool // set under mu; read it under mu if close must not happen in between

	// mu guards the fields below and the fields of subConn that say so. No call
	// to gRPC or to the policy is made under it, and none to package record that
	// takes a lock.
	mu    sync.Mutex
	live  map[*subConn]struct{} // the SubConns that are counted
	state connectivity.State    // last reported by the policy
	since clock.Instant         // when state began
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
		since:       m.clock.Now(),
		state:       connectivity.Connecting, // what a channel shows until its policy reports
	}
	key := record.Key{Target: label(target), Policy: label(policy)}
	inst.targetRecord = m.records.Open(key, inst, &o.records)
	inst.waiting = m.waits.NewInstance(inst.targetRecord)
	inst.timed.Store(o.latency)
	inst.tell(events.News{Kind: livestatus.InstanceBuilt})
	if inst.targetRecord.Key() != key {
		inst.tell(events.News{Kind: livestatus.Folded, Detail: key.Target})
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
	sc := &subConn{instance: inst, healthChecked: opts.HealthCheckEnabled, since: inst.metrics.clock.Now()}
	opts.StateListener = sc.stateListener(opts.StateListener)
	inner, err := inst.ClientConn.NewSubConn(addrs, opts)
	if err != nil {
		return nil, err
	}
	sc.SubConn = inner
	id := inst.namer.id(addrs)
	sc.backendRecord = inst.metrics.records.Acquire(inst.targetRecord, id)
	if sc.backendRecord.Key() != id.Key() {
		inst.tell(events.News{Kind: livestatus.Folded, Backend: sc.backendRecord.Name(), Detail: id.Name})
	}
	sc.counts, sc.done = sc.backendRecord.Counts(), sc.backendRecord.NewDone()
	if !sc.track() {
		inst.metrics.records.Release(sc.backendRecord)
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
		inst.tell(events.News{Kind: livestatus.InstanceState, Detail: s.ConnectivityState.String()})
	}
	if s.Picker != nil {
		inst.targetRecord.CountPicker()
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
	inst.state, inst.since = s, inst.metrics.clock.Now()
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
	var used []*record.Backend
	for sc := range inst.live {
		sc.untrackLocked()
		used = append(used, sc.backendRecord)
	}
	inst.mu.Unlock()
	if !first {
		return
	}
	inst.waits.Close(inst.waiting)
	for _, b := range used {
		inst.metrics.records.Release(b)
	}
	inst.instruments.Close()
	inst.tell(events.News{Kind: livestatus.InstanceClosed})
	inst.metrics.records.Close(inst.targetRecord, inst)
}

// ReadSubchannels implements [record.Instance].
func (inst *instance) ReadSubchannels(yield func(record.Subchannel)) (state connectivity.State, since clock.Instant) {
	inst.mu.Lock()
	defer inst.mu.Unlock()
	for sc := range inst.live {
		yield(record.Subchannel{Backend: sc.backendRecord, State: sc.state(), Usability: sc.usability, Since: sc.since})
	}
	return inst.state, inst.since
}

// tell adds events to the last ones of the target, and to the log. The caller must not
// hold a lock.
func (inst *instance) tell(news ...events.News) {
	for i := range news {
		e := news[i].At(inst.metrics.clock.Now())
		inst.targetRecord.AddEvent(e)
		if logger := inst.options.eventLogger; logger != nil {
			key := inst.targetRecord.Key()
			inst.metrics.eventLog.Add(logger, key.Target, key.Policy, e)
		}
	}
}
