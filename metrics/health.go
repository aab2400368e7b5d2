package metrics

import (
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics/internal/events"
	"github.com/grpc-balancer2/balancer2/metrics/internal/record"
)

// RegisterHealthListener implements [balancer.SubConn]. It follows what the
// policy's listener is told. In gRPC a listener lasts for as long as the SubConn
// stays READY and no other is registered.
func (sc *subConn) RegisterHealthListener(listener func(balancer.SubConnState)) {
	if listener == nil {
		sc.watchHealth(record.Usable)
		sc.instance.tell(sc.backendRecord.BecameUsable()...)
		sc.SubConn.RegisterHealthListener(nil)
		return
	}
	// Before gRPC knows of the listener: its first call may come at once.
	watch := sc.watchHealth(record.Unchecked)
	sc.SubConn.RegisterHealthListener(func(s balancer.SubConnState) {
		sc.countHealth(watch, s)
		listener(s)
	})
}

// watchHealth makes countHealth ignore the updates of all earlier listeners. It returns
// the number of a new listener. If the SubConn is READY, it becomes first; otherwise
// gRPC takes no listener.
func (sc *subConn) watchHealth(first record.Usability) (watch uint32) {
	inst := sc.instance
	inst.mu.Lock()
	defer inst.mu.Unlock()
	if sc.readyLocked() {
		sc.setUsabilityLocked(first)
	}
	sc.watch++
	return sc.watch
}

// countHealth counts a health update, unless it comes late, for an earlier listener or
// an earlier connection.
func (sc *subConn) countHealth(watch uint32, s balancer.SubConnState) {
	sc.instance.tell(sc.changeUsability(watch, s)...)
}

// changeUsability takes a health update and returns the events to tell.
func (sc *subConn) changeUsability(watch uint32, s balancer.SubConnState) []events.News {
	inst := sc.instance
	inst.mu.Lock()
	defer inst.mu.Unlock()
	if watch != sc.watch || !sc.readyLocked() {
		return nil
	}
	u := usabilityBy(s)
	sc.setUsabilityLocked(u)
	switch u {
	case record.Unhealthy, record.Ejected:
		return sc.backendRecord.Judge(u, s.ConnectionError, inst.metrics.clock.Now())
	case record.Usable:
		return sc.backendRecord.BecameUsable()
	}
	return nil
}

// usabilityBy returns what a health update says. gRPC's outlier detection gives no
// error; client-side health checks always do.
func usabilityBy(s balancer.SubConnState) record.Usability {
	switch {
	case s.ConnectivityState == connectivity.Ready:
		return record.Usable
	case s.ConnectivityState != connectivity.TransientFailure:
		return record.Unchecked
	case s.ConnectionError != nil:
		return record.Unhealthy
	}
	return record.Ejected
}

// readyLocked reports whether the SubConn is counted as READY.
func (sc *subConn) readyLocked() bool {
	_, tracked := sc.instance.live[sc]
	return tracked && sc.state() == connectivity.Ready
}

func (sc *subConn) setUsabilityLocked(u record.Usability) {
	if u != sc.usability {
		sc.backendRecord.MoveUsability(sc.usability, u)
		sc.usability = u
	}
}

// leaveReadyLocked stops counting the SubConn as READY, and reports whether it was the
// last of the backend. A scrape reads the unusable before the READY ones, so it also
// leaves the unusable first.
func (sc *subConn) leaveReadyLocked() (last bool) {
	sc.setUsabilityLocked(record.Usable)
	return sc.backendRecord.LeaveReady()
}
