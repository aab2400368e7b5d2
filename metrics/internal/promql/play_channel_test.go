package promql_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

// playChannel is a channel of a client.
type playChannel struct {
	t       *testing.T
	stage   *stage
	cc      *balancertest.ClientConn
	policy  *balancertest.Policy
	names   map[*balancertest.SubConn]string    // as the metrics are to name their backends
	told    map[*balancertest.SubConn]health    // by the checks, since they were READY
	used    map[*balancertest.SubConn]time.Time // last
	backOff map[*balancertest.SubConn]*backOff
	asked   backOff // the resolver, since it fails
	pending []playRPC
}

// playRPC is an RPC that is under way.
type playRPC struct {
	on   *balancertest.SubConn
	ends time.Time
	done func(balancer.DoneInfo)
}

func newPlayChannel(t *testing.T, s *stage, b balancer.Builder, target string) *playChannel {
	ch := &playChannel{
		t: t, stage: s,
		cc:      balancertest.NewClientConn(t),
		names:   make(map[*balancertest.SubConn]string),
		told:    make(map[*balancertest.SubConn]health),
		used:    make(map[*balancertest.SubConn]time.Time),
		backOff: make(map[*balancertest.SubConn]*backOff),
	}
	ch.policy = ch.cc.BuildWithTarget(b, target)
	t.Cleanup(ch.policy.Close)
	return ch
}

func (ch *playChannel) resolve(addrs []string) {
	ch.t.Helper()
	ch.asked = backOff{}
	if err := ch.policy.Update(balancertest.Endpoints(addrs...)...); err != nil {
		ch.t.Fatalf("update: %v", err)
	}
}

// failToResolve asks a resolver that fails, again and again.
func (ch *playChannel) failToResolve() {
	if ch.asked.over() {
		ch.policy.ResolverError(errors.New("no such host"))
		ch.asked.next()
	}
}

// connect does what gRPC's channel does by itself: it connects the subchannels
// that the policy wants connected, notices lost connections, and ends a back-off.
// Servers close connections that were unused for some time, unless that is 0.
func (ch *playChannel) connect(idle time.Duration) {
	for _, sc := range ch.cc.Live() {
		if ch.names[sc] == "" {
			ch.names[sc] = ch.stage.nameOf(sc.Addr())
			ch.backOff[sc] = new(backOff)
		}
		down := ch.stage.down[sc.Addr()]
		unused := idle > 0 && time.Since(ch.used[sc]) >= idle
		switch state := sc.State(); {
		case state == connectivity.Ready && (down || unused):
			ch.lose(sc)
		case state == connectivity.TransientFailure && !ch.stage.backsOff:
			sc.Idle()
		case state == connectivity.TransientFailure && ch.backOff[sc].over():
			sc.Idle()
			ch.attempt(sc, down)
		case state == connectivity.Idle:
			ch.attempt(sc, down)
		}
		ch.check(sc)
	}
}

// attempt tries to connect, if the policy wants it.
func (ch *playChannel) attempt(sc *balancertest.SubConn, down bool) {
	switch {
	case !sc.Wanted():
	case down:
		ch.backOff[sc].next()
		sc.Fail(errors.New("connection refused"))
	default:
		*ch.backOff[sc] = backOff{}
		ch.used[sc] = time.Now()
		sc.Ready() // and healthy, see balancertest
		ch.told[sc] = serving
	}
}

// lose takes the connection away.
func (ch *playChannel) lose(sc *balancertest.SubConn) {
	ch.endAll(sc)
	sc.Idle()
}

// drop takes the connections to the address away.
func (ch *playChannel) drop(addr string) {
	for _, sc := range ch.cc.Live() {
		if sc.Addr() == addr && sc.State() == connectivity.Ready {
			ch.lose(sc)
		}
	}
}

// check has a health check, or outlier detection, say what it says of the backend,
// if that is something new.
func (ch *playChannel) check(sc *balancertest.SubConn) {
	if h := ch.stage.healthOf(sc.Addr()); sc.State() == connectivity.Ready && h != ch.told[sc] {
		ch.told[sc] = h
		sc.SetHealth(h.state, h.cause)
	}
}

// endAll ends the RPCs on a connection that is lost.
func (ch *playChannel) endAll(sc *balancertest.SubConn) {
	var others []playRPC
	for _, rpc := range ch.pending {
		if rpc.on == sc {
			ch.end(rpc, codes.Unavailable)
		} else {
			others = append(others, rpc)
		}
	}
	ch.pending = others
}

func (ch *playChannel) second(settings clientSettings) {
	var others []playRPC
	for _, rpc := range ch.pending {
		if rpc.ends.After(time.Now()) {
			others = append(others, rpc)
		} else {
			ch.end(rpc, ch.stage.answers[rpc.on.Addr()])
		}
	}
	ch.pending = others
	if time.Now().Unix()%int64(settings.every.Seconds()) == 0 {
		for range settings.rps {
			ch.send()
		}
	}
}

func (ch *playChannel) send() {
	ctx, over := context.WithCancel(ch.t.Context())
	res, err := ch.cc.State().Picker.Pick(balancer.PickInfo{FullMethodName: "/test/Method", Ctx: ctx})
	if err != nil {
		over() // a caller that does not wait
		return
	}
	sc, _ := res.SubConn.(*balancertest.SubConn)
	now := time.Now()
	ch.used[sc] = now
	ch.stage.ledger.picks = append(ch.stage.ledger.picks, occurrence{now, ch.names[sc]})
	ch.pending = append(ch.pending, playRPC{on: sc, ends: now.Add(ch.stage.durationOn(sc.Addr())), done: func(info balancer.DoneInfo) {
		res.Done(info)
		over()
	}})
}

func (ch *playChannel) end(rpc playRPC, code codes.Code) {
	info := balancer.DoneInfo{BytesSent: true, BytesReceived: code == codes.OK}
	if code != codes.OK {
		info.Err = status.Error(code, "")
		ch.stage.ledger.failed = append(ch.stage.ledger.failed, occurrence{time.Now(), ch.names[rpc.on]})
	}
	rpc.done(info)
}

// backOff is the time between attempts that fail. It is the longest that gRPC's may be.
type backOff struct {
	until time.Time
	wait  time.Duration
}

func (b *backOff) over() bool { return !time.Now().Before(b.until) }

func (b *backOff) next() {
	const first, longest = 1200 * time.Millisecond, 144 * time.Second
	b.wait = min(max(first, b.wait*8/5), longest)
	b.until = time.Now().Add(b.wait)
}
