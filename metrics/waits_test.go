package metrics_test

import (
	"context"
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/metrics"
)

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
		{"q q x", map[string]string{whyConnecting: "1 in 2s"}}, // the next policy may not be metered
		{"q x q", map[string]string{whyConnecting: "1 in 1s"}},
		{"q p q p c", map[string]string{whyConnecting: "2 in 2s"}}, // two picks of one context, each queued

		{"f c", nil}, // not wait-for-ready: the failure ended the RPC
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

		// Retries: the failure ended the attempt before.
		{"f r f r p c", nil},
		{"f r f d", nil},
		{"q f r p c", map[string]string{whyConnecting: "1 in 1s"}},
		{"q f r q p c", map[string]string{whyConnecting: "2 in 2s"}},
		{"f f r p c", map[string]string{whyFailing: "1 in 2s"}}, // wait-for-ready: something else ended the attempt before
		{"f r q r f d", map[string]string{whyConnecting: "1 in 0s"}},

		// An RPC that does not ask a new picker has ceased to wait at an unknown
		// time.
		{"q n p c", map[string]string{whyConnecting: "1 in 2s"}}, // it was only slow to ask
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

		// Several instances have one wait together, wherever it ends.
		{"q P c", map[string]string{whyConnecting: "1 in 1s"}},
		{"q Q q P c", map[string]string{whyConnecting: "1 in 3s"}},
		{"q Q x P c", map[string]string{whyConnecting: "1 in 3s"}},
		{"Q q x P c", map[string]string{whyConnecting: "1 in 2s"}},

		{"m p c", map[string]string{whyMismatch: "1 in 1s"}},
		{"m q p c", map[string]string{whyMismatch: "1 in 2s"}},
		{"q m p c", map[string]string{whyConnecting: "1 in 1s", whyMismatch: "1 in 1s"}},
		{"m f p c", map[string]string{whyFailing: "1 in 2s"}},
		{"m c", map[string]string{whyMismatch: "1 in 1s"}},

		// gRPC may ask once more after the context has ended.
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

// If a metered policy has a metered child, an RPC waits under both names.
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

// A pick of a subchannel that the decorator does not know also ends a wait.
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

// A look at the waits is part of each gathering, as it is of each scrape of a registry.
func TestGatherNoticesThatAWaitHasEnded(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	s, cc, _ := metered(t, m)
	s.publish(balancer.PickResult{}, balancer.ErrNoSubConnAvailable)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if _, err := cc.State().Picker.Pick(balancer.PickInfo{Ctx: ctx}); err == nil {
		t.Fatal("Pick: no error, want one")
	}
	for want := range 2 { // waits that have ended
		got := pointsOf(mustGather(t, m))
		if waiting, waited := got.sum("rpc_attempts_waiting"), got.sum("pick_delay_duration_seconds_count"); waiting != 1-float64(want) || waited != float64(want) {
			t.Errorf("%v waiting, %v waited; want %d and %d", waiting, waited, 1-want, want)
		}
		cancel()
	}
}
