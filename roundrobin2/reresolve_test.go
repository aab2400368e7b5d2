package roundrobin2_test

import (
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

const (
	every30s = `{"resolveEvery": "30s"}`
	every5m  = `{"resolveEvery": "300s"}`
)

// asked builds a policy in a bubble, whose clock the test then lets run.
func asked(t *testing.T, test func(*testing.T, *balancertest.ClientConn, *balancertest.Policy)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cc := balancertest.NewClientConn(t)
		p := cc.Build(roundrobin2.NewBuilder())
		test(t, cc, p)
		p.Close()
	})
}

func update(t *testing.T, p *balancertest.Policy, config string) {
	t.Helper()
	if err := p.UpdateWithConfig(config, balancertest.Endpoints("a:1")...); err != nil {
		t.Fatalf("update with %s: %v", config, err)
	}
}

// wantCalls lets time pass, and checks how often the policy asked the resolver.
func wantCalls(t *testing.T, cc *balancertest.ClientConn, within time.Duration, atLeast, atMost int) {
	t.Helper()
	before := cc.ResolveNowCalls()
	time.Sleep(within)
	synctest.Wait()
	if got := cc.ResolveNowCalls() - before; got < atLeast || got > atMost {
		t.Errorf("the resolver was asked %d times within %v, want %d to %d", got, within, atLeast, atMost)
	}
}

func TestTheResolverIsNotAskedByDefault(t *testing.T) {
	t.Parallel()
	for _, config := range []string{`{}`, `null`, `""`, `{"resolveEvery": null}`, `{"fromTheFuture": "30s"}`} {
		asked(t, func(t *testing.T, cc *balancertest.ClientConn, p *balancertest.Policy) {
			update(t, p, config)
			wantCalls(t, cc, 24*time.Hour, 0, 0)
		})
	}
	asked(t, func(t *testing.T, cc *balancertest.ClientConn, p *balancertest.Policy) {
		wantCalls(t, cc, time.Hour, 0, 0) // before the first update
		if err := p.Update(balancertest.Endpoints("a:1")...); err != nil {
			t.Fatalf("update: %v", err)
		}
		wantCalls(t, cc, 24*time.Hour, 0, 0)
	})
}

// callTimes records when the policy asks the resolver.
type callTimes struct {
	balancer.ClientConn
	mu    sync.Mutex
	start time.Time
	at    []time.Duration
}

func (c *callTimes) ResolveNow(resolver.ResolveNowOptions) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = append(c.at, time.Since(c.start))
}

// askAlone updates a policy with the config, without endpoints: what asks the resolver
// does not depend on them.
func askAlone(t *testing.T, b balancer.Builder, config string) (*callTimes, balancer.Balancer) {
	t.Helper()
	cfg, err := b.(balancer.ConfigParser).ParseConfig(json.RawMessage(config))
	if err != nil {
		t.Fatal(err)
	}
	calls := &callTimes{ClientConn: balancertest.NewClientConn(t), start: time.Now()}
	p := b.Build(calls, balancer.BuildOptions{})
	if err := p.UpdateClientConnState(balancer.ClientConnState{BalancerConfig: cfg}); !errors.Is(err, balancer.ErrBadResolverState) {
		t.Errorf("an update without endpoints: %v, want ErrBadResolverState", err)
	}
	return calls, p
}

func TestTheResolverIsAskedAtIntervals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls, p := askAlone(t, roundrobin2.NewBuilder(), every30s)
		time.Sleep(10 * time.Hour)
		synctest.Wait()
		p.Close()
		const every, most = 30 * time.Second, 33 * time.Second
		if first := calls.at[0]; first < every || first >= 2*every {
			t.Errorf("first asked after %v, want one to two intervals", first)
		}
		lengths := map[time.Duration]bool{}
		for i := 1; i < len(calls.at); i++ {
			length := calls.at[i] - calls.at[i-1]
			if lengths[length] = true; length < every || length >= most {
				t.Errorf("asked after %v, want %v to %v", length, every, most)
			}
		}
		if len(lengths) < 1000 { // of 1100 or so, each drawn from 3,000,000,000
			t.Errorf("%d intervals have %d lengths, want them to differ", len(calls.at)-1, len(lengths))
		}
	})
}

// Ten thousand clients that are deployed together must not ask a DNS server together,
// neither at first nor later.
func TestClientsThatStartTogetherDoNotAskTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const clients, tenth = 1000, 3 * time.Second
		b := roundrobin2.NewBuilder()
		var all []*callTimes
		for range clients {
			calls, p := askAlone(t, b, every30s)
			defer p.Close()
			all = append(all, calls)
		}
		time.Sleep(11 * time.Minute)
		synctest.Wait()
		for _, from := range []time.Duration{30 * time.Second, 10 * time.Minute} {
			in := make([]int, 10) // the tenths of an interval
			for _, calls := range all {
				for _, at := range calls.at {
					if i := int((at - from) / tenth); at >= from && i < len(in) {
						in[i]++
					}
				}
			}
			// 100 are expected, or somewhat less; 50 is over five standard deviations away.
			if slices.Min(in) < 50 || slices.Max(in) > 150 {
				t.Errorf("from %v on, %d clients asked %d times in the tenths of an interval, want about 100 in each", from, clients, in)
			}
		}
	})
}

// Updates come while the policy waits: an answer to its request, or for other reasons.
func TestUpdatesDoNotChangeWhenTheResolverIsAsked(t *testing.T) {
	t.Parallel()
	asked(t, func(t *testing.T, cc *balancertest.ClientConn, p *balancertest.Policy) {
		before := cc.ResolveNowCalls()
		for i := range 3600 {
			update(t, p, []string{every30s, `{"resolveEvery":"30.0s", "other": 1}`}[i%2])
			time.Sleep(time.Second)
		}
		p.ResolverError(errors.New("no such host"))
		if got := cc.ResolveNowCalls() - before; got < 3600/33-1 || got > 3600/30 {
			t.Errorf("asked %d times in an hour, want one for each 30 to 33 s", got)
		}
	})
}

func TestANewIntervalHoldsAtOnce(t *testing.T) {
	t.Parallel()
	asked(t, func(t *testing.T, cc *balancertest.ClientConn, p *balancertest.Policy) {
		update(t, p, every5m)
		wantCalls(t, cc, 299*time.Second, 0, 0)
		update(t, p, every30s)
		wantCalls(t, cc, 29*time.Second, 0, 0)
		wantCalls(t, cc, 31*time.Second, 1, 1)
		wantCalls(t, cc, time.Hour, 3600/33-1, 3600/30)
		update(t, p, every5m)
		wantCalls(t, cc, 299*time.Second, 0, 0)
		wantCalls(t, cc, 10*time.Hour, 36000/330-1, 36000/300)
		update(t, p, `{}`)
		wantCalls(t, cc, 24*time.Hour, 0, 0)
		update(t, p, every30s)
		wantCalls(t, cc, time.Hour, 3600/33-1, 3600/30)
		if err := p.Update(balancertest.Endpoints("a:1")...); err != nil { // no config
			t.Fatalf("update: %v", err)
		}
		wantCalls(t, cc, 24*time.Hour, 0, 0)
	})
}

func TestAClosedPolicyDoesNotAsk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls, p := askAlone(t, roundrobin2.NewBuilder(), every30s)
		time.Sleep(time.Minute)
		synctest.Wait()
		p.Close()
		got := len(calls.at)
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		if got != 1 && got != 2 || len(calls.at) != got {
			t.Errorf("asked %d times in a minute, and %d times after Close; want once or twice, and never", got, len(calls.at)-got)
		}
	})
}

// With jitter, twice the longest interval that a config can have would be negative, and
// the resolver would be asked without end.
func TestTheLongestIntervalIsLong(t *testing.T) {
	t.Parallel()
	asked(t, func(t *testing.T, cc *balancertest.ClientConn, p *balancertest.Policy) {
		update(t, p, `{"resolveEvery": "9223372036.854775807s"}`)
		wantCalls(t, cc, 100*365*24*time.Hour, 0, 0)
	})
}
