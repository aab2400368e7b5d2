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

// world is one policy on a channel, driven by a demand.
type world struct {
	tb      testing.TB
	cc      *ClientConn
	builder balancer.Builder
	policy  *Policy // nil until it is built
	closed  bool

	panicked atomic.Bool // the policy may hold locks: it is not touched again
}

func newWorld(tb testing.TB, b balancer.Builder) *world {
	tb.Helper()
	cc := NewClientConn(tb)
	cc.strict = true
	cc.Record()
	return &world{tb: tb, cc: cc, builder: b}
}

// end closes the policy if the demand did not, waits for what it does too late,
// and explains a failure.
func (w *world) end() {
	w.tb.Helper()
	w.explain(recover())
	if !w.panicked.Load() && w.policy != nil {
		w.finish()
	}
	if !w.tb.Failed() {
		return
	}
	events := w.cc.Events()
	omitted := max(0, len(events)-eventsShown)
	w.tb.Logf("what happened, without the first %d events:\n\t%s", omitted, strings.Join(events[omitted:], "\n\t"))
}

// finish closes the policy, which may panic as in any other call.
func (w *world) finish() {
	w.tb.Helper()
	defer func() { w.explain(recover()) }()
	w.close()
	w.wait(longTime)
}

// explain fails the test if p is what the policy panicked with.
func (w *world) explain(p any) {
	w.tb.Helper()
	if p != nil {
		w.panicked.Store(true)
		w.tb.Errorf("the policy panicked: %v\n%s", p, debug.Stack())
	}
}

func (w *world) close() {
	if !w.closed {
		w.closed = true
		w.policy.Close()
	}
}

// settle waits until the policy's goroutines have nothing to do, and delivers
// what followed from what they did.
func (w *world) settle() {
	synctest.Wait()
	w.cc.serial.run(func() {})
	synctest.Wait()
}

// wait lets time pass, which takes none.
func (w *world) wait(d time.Duration) {
	w.settle()
	time.Sleep(d)
	w.settle()
}

// update sends endpoints, which the policy must accept.
func (w *world) update(addrs ...string) {
	w.tb.Helper()
	if err := w.policy.UpdateWithConfig(emptyConfig, Endpoints(addrs...)...); err != nil {
		w.tb.Fatalf("resolver update with %d endpoints and config {}: error %q; accept it", len(addrs), err)
	}
	w.settle()
}

// drive answers all that the policy wants of its SubConns: connections are made,
// or else they fail. Then a moment passes.
func (w *world) drive(made bool) {
	w.tb.Helper()
	for range 100 { // rounds; a policy may want one SubConn after the other
		w.pickAlone() // lazy policies connect when there is an RPC
		w.wait(promptly)
		changed := false
		for _, sc := range w.cc.Live() {
			changed = w.advance(sc, made) || changed
		}
		w.settle()
		if !changed {
			return
		}
	}
	w.tb.Fatalf("the policy asks for new connections without end")
}

// advance takes the SubConn to READY or TRANSIENT_FAILURE, and tells whether it
// was not there.
func (w *world) advance(sc *SubConn, made bool) bool {
	w.tb.Helper()
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
func (w *world) pick() (*SubConn, error) {
	w.tb.Helper()
	sc, done, err := w.cc.pick()
	if err == nil && done != nil {
		ready := sc.State() == connectivity.Ready
		done(balancer.DoneInfo{BytesSent: ready, BytesReceived: ready})
	}
	return sc, err
}

// picked returns the SubConns that RPCs go to now, and fails the test for each
// that has no connection.
func (w *world) picked() []*SubConn {
	w.tb.Helper()
	var found []*SubConn
	seen := make(map[*SubConn]bool)
	for range pickCount {
		sc, err := w.pick()
		if err != nil || seen[sc] {
			continue
		}
		seen[sc] = true
		found = append(found, sc)
		if state := sc.State(); state != connectivity.Ready {
			w.tb.Errorf("the picker chose %v, which is in %v; report a picker without it, or RPCs wait for one", sc, state)
		}
	}
	return found
}

// ready brings the policy to READY on the endpoints that it has.
func (w *world) ready() {
	w.tb.Helper()
	w.drive(true)
	if s := w.cc.State().ConnectivityState; s != connectivity.Ready {
		w.tb.Fatalf("the policy reports %v when all connections that it wants are made, want READY; SubConns: %v", s, w.cc.Live())
	}
	if len(w.picked()) == 0 {
		_, err := w.pick()
		w.tb.Fatalf("the policy reports READY, but an RPC gets no SubConn: %v", err)
	}
}

// wantFailure fails the test unless RPCs fail at once, and do not wait.
func (w *world) wantFailure(when string) {
	w.tb.Helper()
	sc, err := w.pick()
	switch {
	case err == nil:
		w.tb.Errorf("%s an RPC goes to %v; report TRANSIENT_FAILURE and a picker that returns an error", when, sc)
	case errors.Is(err, balancer.ErrNoSubConnAvailable):
		w.tb.Errorf("%s RPCs wait; report TRANSIENT_FAILURE and a picker that returns an error", when)
	}
}
