package metrics

import (
	"sync"
	"sync/atomic"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
)

// instance meters one policy instance: it is the ClientConn that the policy
// sees, and follows the SubConns that the policy makes. What it does not
// intercept goes to the embedded ClientConn, which is gRPC's.
type instance struct {
	balancer.ClientConn
	metrics      *Metrics
	targetRecord *targetRecord
	namer        backendNamer
	events       eventQueue

	// Read by each pick.
	timed atomic.Bool // latency is measured
	waits *waits      // those of metrics

	pickers atomic.Uint64 // number of pickers published

	closed atomic.Bool // set under mu; read it under mu where close must not come in between

	// mu guards the fields below and the fields of subConn that say so. No call
	// to gRPC, to the policy or to a method of Metrics is made under it.
	mu    sync.Mutex
	live  map[*subConn]struct{} // the SubConns that are counted
	state connectivity.State    // that the policy reported last
	since instant               // when the policy first reported state
}

func newInstance(cc balancer.ClientConn, m *Metrics, key targetKey) *instance {
	inst := &instance{
		ClientConn: cc,
		metrics:    m,
		namer:      backendNamer{custom: m.nameBackend},
		waits:      &m.waits,
		live:       make(map[*subConn]struct{}),
		since:      m.now(),
		state:      connectivity.Connecting, // what a channel shows until its policy reports
	}
	inst.targetRecord = m.records.open(key, inst)
	inst.timed.Store(m.latency)
	return inst
}

// NewSubConn implements [balancer.ClientConn]. SubConns that a policy makes
// after Close, which gRPC refuses, are not counted: nothing would say when they
// go.
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
	sc.backendRecord = inst.metrics.records.acquire(inst.targetRecord, inst.namer.name(addrs))
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
	inst.noteState(s.ConnectivityState)
	if s.Picker != nil {
		inst.targetRecord.pickerUpdates.Add(1)
		s.Picker = newPicker(inst, s.Picker)
	}
	inst.ClientConn.UpdateState(s)
}

func (inst *instance) noteState(s connectivity.State) {
	inst.mu.Lock()
	defer inst.mu.Unlock()
	if s != inst.state {
		inst.state, inst.since = s, inst.metrics.now()
	}
}

// metered returns sc if this instance made it. Where one metered policy is
// inside another, the SubConns of both have the same type.
func (inst *instance) metered(sc balancer.SubConn) (*subConn, bool) {
	metered, ok := sc.(*subConn)
	if !ok || metered.instance != inst {
		return nil, false
	}
	return metered, true
}

// close releases the SubConns that the policy has not shut down, and the
// target's record. gRPC shuts these SubConns down itself and reports it to
// nobody.
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
	inst.waits.leaveInstance(inst)
	inst.metrics.records.close(inst)
}
