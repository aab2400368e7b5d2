package balancertest

import (
	"errors"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
)

const (
	emptyConfig = "{}"
	eventsShown = 60

	promptly  = 100 * time.Millisecond // RPCs are held back till then
	longTime  = time.Hour              // any timer has fired by then
	pickCount = 64                     // enough for random pickers to choose each of a few SubConns
)

var errRefused = errors.New("connection refused")

// trial is one policy on a channel, driven by a demand.
type trial struct {
	tb      testing.TB
	cc      *ClientConn
	builder balancer.Builder
	policy  *Policy // nil until it is built
	closed  bool

	panicked atomic.Bool // the policy may hold locks: it is not touched again
}

func newTrial(tb testing.TB, b balancer.Builder) *trial {
	tb.Helper()
	cc := NewClientConn(tb)
	cc.strict = true
	cc.Record()
	return &trial{tb: tb, cc: cc, builder: b}
}

// end closes the policy if the demand did not, waits for what it does too late,
// and explains a failure.
func (t *trial) end() {
	t.tb.Helper()
	t.explain(recover())
	if !t.panicked.Load() && t.policy != nil {
		t.finish()
	}
	if !t.tb.Failed() {
		return
	}
	events := t.cc.Events()
	omitted := max(0, len(events)-eventsShown)
	t.tb.Logf("what happened, without the first %d events:\n\t%s", omitted, strings.Join(events[omitted:], "\n\t"))
}

// finish closes the policy, which may panic as in any other call.
func (t *trial) finish() {
	t.tb.Helper()
	defer func() { t.explain(recover()) }()
	t.close()
	t.wait(longTime)
}

// explain fails the test if p is what the policy panicked with.
func (t *trial) explain(p any) {
	t.tb.Helper()
	if p != nil {
		t.panicked.Store(true)
		t.tb.Errorf("the policy panicked: %v\n%s", p, debug.Stack())
	}
}

func (t *trial) close() {
	if !t.closed {
		t.closed = true
		t.policy.Close()
	}
}

// settle waits until the policy's goroutines have nothing to do, and delivers
// what followed from what they did.
func (t *trial) settle() {
	synctest.Wait()
	t.cc.serial.run(func() {})
	synctest.Wait()
}

// wait lets time pass, which takes none.
func (t *trial) wait(d time.Duration) {
	t.settle()
	time.Sleep(d)
	t.settle()
}

// update sends endpoints, which the policy must accept.
func (t *trial) update(addrs ...string) {
	t.tb.Helper()
	if err := t.policy.UpdateWithConfig(emptyConfig, Endpoints(addrs...)...); err != nil {
		t.tb.Fatalf("resolver update with %d endpoints and config {}: error %q; accept it", len(addrs), err)
	}
	t.settle()
}

// drive answers all that the policy wants of its SubConns: connections are made,
// or else they fail. Then a moment passes.
func (t *trial) drive(made bool) {
	t.tb.Helper()
	for range 100 { // rounds; a policy may want one SubConn after the other
		t.pickAlone() // lazy policies connect when there is an RPC
		t.wait(promptly)
		changed := false
		for _, sc := range t.cc.Live() {
			changed = t.advance(sc, made) || changed
		}
		t.settle()
		if !changed {
			return
		}
	}
	t.tb.Fatalf("the policy asks for new connections without end")
}

// advance takes the SubConn to READY or TRANSIENT_FAILURE, and tells whether it
// was not there.
func (t *trial) advance(sc *SubConn, made bool) bool {
	t.tb.Helper()
	switch state := sc.State(); {
	case state == connectivity.Idle && !sc.Wanted():
		return false
	case state == connectivity.Idle, state == connectivity.Connecting:
		if made {
			sc.Ready()
		} else {
			sc.Fail(errRefused)
		}
		return true
	case state == connectivity.TransientFailure && made:
		sc.Idle() // it has backed off
		return true
	default:
		return false
	}
}

// pick starts an RPC and ends it, as gRPC does. It returns what [ClientConn.Pick]
// does.
func (t *trial) pick() (*SubConn, error) {
	t.tb.Helper()
	sc, done, err := t.cc.pick()
	if err == nil && done != nil {
		ready := sc.State() == connectivity.Ready
		done(balancer.DoneInfo{BytesSent: ready, BytesReceived: ready})
	}
	return sc, err
}

// picked returns the SubConns that RPCs go to now, and fails the test for each
// that has no connection.
func (t *trial) picked() []*SubConn {
	t.tb.Helper()
	var found []*SubConn
	seen := make(map[*SubConn]bool)
	for range pickCount {
		sc, err := t.pick()
		if err != nil || seen[sc] {
			continue
		}
		seen[sc] = true
		found = append(found, sc)
		if state := sc.State(); state != connectivity.Ready {
			t.tb.Errorf("the picker chose %v, which is in %v; report a picker without it, or RPCs wait for one", sc, state)
		}
	}
	return found
}

// ready brings the policy to READY on the endpoints that it has.
func (t *trial) ready() {
	t.tb.Helper()
	t.drive(true)
	if s := t.cc.State().ConnectivityState; s != connectivity.Ready {
		t.tb.Fatalf("the policy reports %v when all connections that it wants are made, want READY; SubConns: %v", s, t.cc.Live())
	}
	if len(t.picked()) == 0 {
		_, err := t.pick()
		t.tb.Fatalf("the policy reports READY, but an RPC gets no SubConn: %v", err)
	}
}

// wantFailure fails the test unless RPCs fail at once, and do not wait.
func (t *trial) wantFailure(when string) {
	t.tb.Helper()
	sc, err := t.pick()
	switch {
	case err == nil:
		t.tb.Errorf("%s an RPC goes to %v; report TRANSIENT_FAILURE and a picker that returns an error", when, sc)
	case errors.Is(err, balancer.ErrNoSubConnAvailable):
		t.tb.Errorf("%s RPCs wait; report TRANSIENT_FAILURE and a picker that returns an error", when)
	}
}
