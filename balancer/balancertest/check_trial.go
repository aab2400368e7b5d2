package balancertest

import (
	"errors"
	"fmt"
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
	eventsShown = 60

	promptly  = 100 * time.Millisecond // a policy may delay a new picker by this much
	longTime  = time.Hour              // by then every timer has fired
	pickCount = 64                     // enough for a random picker to choose each of a few SubConns
)

var errRefused = errors.New("connection refused")

// trial checks one demand on one policy.
type trial struct {
	tb      testing.TB
	cc      *ClientConn
	builder balancer.Builder
	options checkOptions
	policy  *Policy // nil until it is built
	closed  bool

	panicked atomic.Bool // the policy may hold locks: do not call it again
}

func newTrial(tb testing.TB, b balancer.Builder, options checkOptions) *trial {
	tb.Helper()
	cc := NewClientConn(tb)
	cc.strict = true
	cc.SetConnectionScaling(true)
	cc.Record()
	return &trial{tb: tb, cc: cc, builder: b, options: options}
}

// end closes the policy if the demand did not. It waits, so that the channel
// catches what the policy does after Close, and prints the events of a failure.
func (t *trial) end() {
	t.tb.Helper()
	t.reportPanic(recover())
	if !t.panicked.Load() && t.policy != nil {
		t.closeAndWait()
	}
	if !t.tb.Failed() {
		return
	}
	events := t.cc.Events()
	omitted := max(0, len(events)-eventsShown)
	what := "what happened"
	if omitted > 0 {
		what = fmt.Sprintf("what happened, without the first %d events", omitted)
	}
	t.tb.Logf("%s:\n\t%s", what, strings.Join(events[omitted:], "\n\t"))
}

// closeAndWait closes the policy and lets all its timers fire.
func (t *trial) closeAndWait() {
	t.tb.Helper()
	defer func() { t.reportPanic(recover()) }()
	t.close()
	t.wait(longTime)
}

// reportPanic fails the test if the policy has panicked: p is what recover
// returned.
func (t *trial) reportPanic(p any) {
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

// settle waits until the policy's goroutines are idle, and delivers the state
// changes that their calls caused.
func (t *trial) settle() {
	synctest.Wait()
	t.cc.serial.run(func() {})
	synctest.Wait()
}

// wait lets d pass on the bubble's clock.
func (t *trial) wait(d time.Duration) {
	t.settle()
	time.Sleep(d)
	t.settle()
}

// drive ends each connection attempt, as a success or a failure, until the policy
// asks for no more.
func (t *trial) drive(succeed bool) {
	t.tb.Helper()
	for range 100 { // a policy may connect its SubConns one after the other
		t.pickAndDiscard() // lazy policies connect only for an RPC
		t.wait(promptly)
		changed := false
		for _, sc := range t.cc.Live() {
			changed = t.advance(sc, succeed) || changed
		}
		t.settle()
		if !changed {
			return
		}
	}
	t.tb.Fatalf("the policy asks for new connections without end")
}

// advance moves the SubConn towards READY, or else TRANSIENT_FAILURE. It reports
// whether it changed the state.
func (t *trial) advance(sc *SubConn, succeed bool) bool {
	t.tb.Helper()
	switch state := sc.State(); {
	case state == connectivity.Idle && !sc.Wanted():
		return false
	case state == connectivity.Idle, state == connectivity.Connecting:
		if succeed {
			sc.Ready()
		} else {
			sc.Fail(errRefused)
		}
		return true
	case state == connectivity.TransientFailure && succeed:
		sc.Idle() // its backoff is over
		return true
	default:
		return false
	}
}

// pick starts the RPC at the index and ends it, as gRPC does. It returns the results
// of [ClientConn.Pick].
func (t *trial) pick(rpc int) (*SubConn, error) {
	t.tb.Helper()
	sc, res, err := t.cc.pickWith(t.cc.State().Picker, t.options.rpcs[rpc])
	if err == nil && res.Done != nil {
		ready := sc.State() == connectivity.Ready
		res.Done(balancer.DoneInfo{BytesSent: ready, BytesReceived: ready})
	}
	return sc, err
}

// picked returns the SubConns that RPCs go to now. It fails the test for each one
// without a connection.
func (t *trial) picked() []*SubConn {
	t.tb.Helper()
	var found []*SubConn
	seen := make(map[*SubConn]bool)
	for i := range pickCount * len(t.options.rpcs) {
		sc, err := t.pick(i % len(t.options.rpcs))
		if err != nil || seen[sc] {
			continue
		}
		seen[sc] = true
		found = append(found, sc)
		if state := sc.State(); state != connectivity.Ready {
			t.tb.Errorf("the picker chose %v, which is in %v; report a picker without it, because RPCs that choose it wait", sc, state)
		}
	}
	return found
}

// ready brings the policy to READY.
func (t *trial) ready() {
	t.tb.Helper()
	t.drive(true)
	if s := t.cc.State().ConnectivityState; s != connectivity.Ready {
		t.tb.Fatalf("the policy reports %v when all connections that it wants are made, want READY; SubConns: %v", s, t.cc.Live())
	}
	if len(t.picked()) == 0 {
		_, err := t.pick(0)
		t.tb.Fatalf("the policy reports READY, but an RPC gets no SubConn: %v", err)
	}
	t.wantNoneWaits("when READY")
}

// wantFailure fails the test unless RPCs fail at once.
func (t *trial) wantFailure(when string) {
	t.tb.Helper()
	for rpc := range t.options.rpcs {
		sc, err := t.pick(rpc)
		switch {
		case err == nil:
			t.tb.Errorf("%s an RPC%s goes to %v; report TRANSIENT_FAILURE and a picker that returns an error", when, t.name(rpc), sc)
		case errors.Is(err, balancer.ErrNoSubConnAvailable):
			t.tb.Errorf("%s RPCs%s wait; report TRANSIENT_FAILURE and a picker that returns an error", when, t.name(rpc))
		}
	}
}
