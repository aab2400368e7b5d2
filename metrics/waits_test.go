package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/metrics"
)

const (
	whyConnecting = "connecting"
	whyMismatch   = "subchannel_state_mismatch"
	whyFailing    = "picker_failing_with_wait_for_ready"
)

// pickWaits returns the waits that were counted, as "2 in 3s" by reason.
func pickWaits(t *testing.T, m *metrics.Metrics) map[string]string {
	t.Helper()
	got := make(map[string]string)
	for reason, h := range pickWaitHistograms(t, m) {
		if h.GetSampleCount() > 0 {
			got[reason] = fmt.Sprintf("%d in %v", h.GetSampleCount(), time.Duration(h.GetSampleSum()*float64(time.Second)))
		}
	}
	return got
}

func pickWaitHistograms(t *testing.T, m *metrics.Metrics) map[string]*dto.Histogram {
	t.Helper()
	byReason := make(map[string]*dto.Histogram)
	for _, family := range gatherFamilies(t, m) {
		for _, metric := range family.Metric {
			if family.GetName() == "grpc_lb_pick_delay_duration_seconds" {
				byReason[newPoint("", metric).extra] = metric.Histogram
			}
		}
	}
	return byReason
}

// What an RPC meets, a second apart: the picker queues it (q), fails it (f),
// drops it with a status (s), picks a subchannel (p), or one that has just
// ceased to be READY (m); another instance of the policy, as each of several
// children is one, queues it (Q) or picks (P); there is a new picker that the RPC
// does not ask (n), as it does where another policy has picked for it; gRPC begins
// another attempt (r); Prometheus scrapes (z); then the RPC is over (c), its
// deadline passes (d), or the policy is closed (x).
func TestWaitsForAPick(t *testing.T) {
	t.Parallel()
	tests := []struct {
		script string
		want   map[string]string
	}{
		{"p c", nil},
		{"q p c", map[string]string{whyConnecting: "1 in 1s"}},
		{"q q q p c", map[string]string{whyConnecting: "1 in 3s"}},
		{"q c", map[string]string{whyConnecting: "1 in 1s"}},
		{"q q d", map[string]string{whyConnecting: "1 in 2s"}},
		{"q q x p c", map[string]string{whyConnecting: "1 in 2s"}},
		{"q q x", map[string]string{whyConnecting: "1 in 2s"}}, // what takes its place need not be metered
		{"q x q", map[string]string{whyConnecting: "1 in 1s"}},
		{"q p q p c", map[string]string{whyConnecting: "2 in 2s"}}, // two picks of one context, each queued

		{"f c", nil}, // not wait-for-ready: it ended the RPC
		{"q f c", map[string]string{whyConnecting: "1 in 1s"}},
		{"f f c", map[string]string{whyFailing: "1 in 2s"}},
		{"f p c", map[string]string{whyFailing: "1 in 1s"}},
		{"f d", map[string]string{whyFailing: "1 in 1s"}},
		{"q f p c", map[string]string{whyFailing: "1 in 2s"}},
		{"f q p c", map[string]string{whyFailing: "1 in 2s"}},
		{"f x", nil},
		{"f q x", map[string]string{whyFailing: "1 in 2s"}},

		{"s c", nil},
		{"q s c", map[string]string{whyConnecting: "1 in 1s"}},
		{"f s c", map[string]string{whyFailing: "1 in 1s"}},

		// Retries: the attempt before has ended with the failure.
		{"f r f r p c", nil},
		{"f r f d", nil},
		{"q f r p c", map[string]string{whyConnecting: "1 in 1s"}},
		{"q f r q p c", map[string]string{whyConnecting: "2 in 2s"}},
		{"f f r p c", map[string]string{whyFailing: "1 in 2s"}}, // wait-for-ready, and ended otherwise
		{"f r q r f d", map[string]string{whyConnecting: "1 in 0s"}},

		// An RPC that does not ask a new picker waits no more, and nobody says
		// since when.
		{"q n p c", map[string]string{whyConnecting: "1 in 2s"}}, // it was only slow
		{"q n z p c", map[string]string{whyConnecting: "1 in 3s"}},
		{"q n c", map[string]string{whyConnecting: "1 in 0s"}},
		{"q q n c", map[string]string{whyConnecting: "1 in 1s"}},
		{"q q n d", map[string]string{whyConnecting: "1 in 1s"}},
		{"q q n x", map[string]string{whyConnecting: "1 in 1s"}},
		{"q q n z z", map[string]string{whyConnecting: "1 in 1s"}},
		{"q n z q z p c", map[string]string{whyConnecting: "1 in 5s"}},
		{"q n z q n z p c", map[string]string{whyConnecting: "1 in 6s"}},
		{"q n z z q p c", map[string]string{whyConnecting: "2 in 1s"}},
		{"q q z z z p c", map[string]string{whyConnecting: "1 in 5s"}},
		{"f n c", nil},
		{"f n d", nil},
		{"f n z z", nil},
		{"f f n d", map[string]string{whyFailing: "1 in 1s"}},
		{"q r n q p c", map[string]string{whyConnecting: "2 in 1s"}},
		{"q Q n P c", map[string]string{whyConnecting: "1 in 3s"}},

		// Several instances: it is one wait, wherever it ends.
		{"q P c", map[string]string{whyConnecting: "1 in 1s"}},
		{"q Q q P c", map[string]string{whyConnecting: "1 in 3s"}},
		{"q Q x P c", map[string]string{whyConnecting: "1 in 3s"}},
		{"Q q x P c", map[string]string{whyConnecting: "1 in 2s"}},

		{"m p c", map[string]string{whyMismatch: "1 in 1s"}},
		{"m q p c", map[string]string{whyMismatch: "1 in 2s"}},
		{"q m p c", map[string]string{whyConnecting: "1 in 1s", whyMismatch: "1 in 1s"}},
		{"m f p c", map[string]string{whyFailing: "1 in 2s"}},
		{"m c", map[string]string{whyMismatch: "1 in 1s"}},

		// gRPC may ask once more when the context has ended.
		{"q d q", map[string]string{whyConnecting: "1 in 1s"}},
		{"q d f", map[string]string{whyConnecting: "1 in 1s"}},
		{"f d f", map[string]string{whyFailing: "1 in 1s"}},
		{"q c q", map[string]string{whyConnecting: "1 in 1s"}},
	}
	for _, tt := range tests {
		t.Run(tt.script, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := metrics.New(metrics.WithLatency())
				playRPC(t, m, tt.script)
				if got := pickWaits(t, m); !maps.Equal(got, tt.want) {
					t.Errorf("waits %v, want %v", got, tt.want)
				}
			})
		})
	}
}

// playRPC plays the script, whose end is to be the end of all waits.
func playRPC(t *testing.T, m *metrics.Metrics, script string) {
	t.Helper()
	s, cc, p := metered(t, m)
	sc := s.connect(t, "a:1")
	// gRPC's contexts: the attempt's is a child of the RPC's, which it cancels.
	rpc, over := context.WithCancel(t.Context())
	defer over()
	words := strings.Fields(script)
	if seconds := slices.Index(words, "d"); seconds >= 0 {
		rpc, over = context.WithTimeout(rpc, time.Duration(seconds)*time.Second)
		defer over()
	}
	var attempts []context.Context
	for i := range strings.Count(script, "r") + 1 {
		attempts = append(attempts, context.WithValue(rpc, traceKey{}, i))
	}
	sibling, siblingCC, _ := metered(t, m)
	siblingConn := sibling.connect(t, "b:1")
	answers := map[string]error{
		"q": balancer.ErrNoSubConnAvailable, "f": errors.New("all down"), "s": status.Error(codes.PermissionDenied, ""), "p": nil, "m": nil,
	}
	for _, word := range words {
		switch word {
		case "c":
			over()
		case "d":
			<-rpc.Done()
		case "x":
			p.Close()
		case "r":
			attempts = attempts[1:]
			continue
		case "n":
			s.publish(balancer.PickResult{SubConn: sc}, nil)
		case "z":
			scrape(t, m)
		case "Q", "P":
			sibling.publish(balancer.PickResult{SubConn: siblingConn}, answers[strings.ToLower(word)])
			if res, err := siblingCC.State().Picker.Pick(balancer.PickInfo{Ctx: attempts[0]}); err == nil {
				res.Done(success)
			}
		default:
			s.publish(balancer.PickResult{SubConn: sc}, answers[word])
			res, err := cc.State().Picker.Pick(balancer.PickInfo{Ctx: attempts[0]})
			if err == nil && word == "m" {
				res.Done(balancer.DoneInfo{})
			} else if err == nil {
				res.Done(success)
			}
		}
		synctest.Wait()
		if word != "c" && word != "d" {
			time.Sleep(time.Second)
		}
	}
	// Before the context ends, if the script has not ended it.
	if n := metrics.Waiting(m); n != 0 {
		t.Errorf("%s: RPCs that still wait at the end: %d, want none", script, n)
	}
}

// Where one metered policy is inside another, an RPC waits under each name.
func TestEachPolicyHasItsOwnWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		child := &stub{name: "child"}
		cc := balancertest.NewClientConn(t)
		p := cc.Build(m.Instrument(wrapper{name: "parent", child: m.Instrument(child)}))
		defer p.Close()
		sc := child.connect(t, "a:1")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		for _, want := range []error{balancer.ErrNoSubConnAvailable, nil} {
			child.publish(balancer.PickResult{SubConn: sc}, want)
			if _, err := cc.State().Picker.Pick(balancer.PickInfo{Ctx: ctx}); err != want {
				t.Errorf("Pick: %v, want %v", err, want)
			}
			time.Sleep(time.Second)
		}
		got := scrape(t, m)
		for _, policy := range []string{"child", "parent"} {
			if n := got.ofPolicy(policy).sum("pick_delay_duration_seconds_count"); n != 1 {
				t.Errorf("waits of the %s = %v, want 1", policy, n)
			}
		}
	})
}

// The end of an RPC whose context cannot be followed is never known.
func TestContextsThatCannotBeFollowedAreLeftOut(t *testing.T) {
	t.Parallel()
	type incomparable struct {
		context.Context //nolint:containedctx // it is one
		_               []int
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	m := metrics.New()
	s, cc, _ := metered(t, m)
	sc := s.connect(t, "a:1")
	for _, ctx := range []context.Context{nil, context.Background(), incomparable{Context: ctx}, ctx} {
		s.publish(balancer.PickResult{}, balancer.ErrNoSubConnAvailable)
		if _, err := cc.State().Picker.Pick(balancer.PickInfo{Ctx: ctx}); err != balancer.ErrNoSubConnAvailable {
			t.Errorf("Pick: %v, want to be queued", err)
		}
	}
	if n := metrics.Waiting(m); n != 1 {
		t.Errorf("RPCs that wait: %d, want only the one with a good context", n)
	}
	for _, ctx := range []context.Context{nil, incomparable{Context: ctx}, ctx} {
		s.publish(balancer.PickResult{SubConn: sc}, nil)
		if _, err := cc.State().Picker.Pick(balancer.PickInfo{Ctx: ctx}); err != nil {
			t.Errorf("Pick: %v", err)
		}
	}
	if n := metrics.Waiting(m); n != 0 {
		t.Errorf("RPCs that wait: %d, want none", n)
	}
}

// A subchannel that the decorator does not know ends a wait all the same.
func TestForeignSubConnEndsTheWait(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	m := metrics.New()
	s, cc, _ := metered(t, m)
	for _, err := range []error{balancer.ErrNoSubConnAvailable, nil} {
		s.publish(balancer.PickResult{SubConn: &looseSubConn{}}, err)
		if _, got := cc.State().Picker.Pick(balancer.PickInfo{Ctx: ctx}); got != err {
			t.Errorf("Pick: %v, want %v", got, err)
		}
	}
	if n := pickWaitHistograms(t, m)[whyConnecting].GetSampleCount(); n != 1 || metrics.Waiting(m) != 0 {
		t.Errorf("waits counted: %d, waiting: %d, want 1 and none", n, metrics.Waiting(m))
	}
}
