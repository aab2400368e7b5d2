package metrics_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage"
)

// texts returns the events of the only target as text, newest first.
func texts(t *testing.T, m *metrics.Metrics) []string {
	t.Helper()
	var all []string
	for _, e := range only(t, m).Events {
		s := strings.TrimSpace(fmt.Sprintf("%s %s %s", e.Kind, e.Backend, e.Text))
		if e.Kind == livepage.ResolverUpdate {
			s += fmt.Sprintf(" %d: +%d %v -%d %v", e.Endpoints, e.AddedCount, e.Added, e.RemovedCount, e.Removed)
		}
		if e.N != 1 {
			s += fmt.Sprintf(" × %d", e.N)
		}
		all = append(all, s)
	}
	return all
}

func wantTexts(t *testing.T, m *metrics.Metrics, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, texts(t, m)); diff != "" {
		t.Errorf("events, newest first (-want +got):\n%s", diff)
	}
}

func TestEventsTellWhatHappened(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New(metrics.WithMaxBackends(1))
		s, cc := &stub{}, &looseConn{}
		p := m.Instrument(s).Build(cc, balancer.BuildOptions{})
		next := func() { time.Sleep(time.Minute) }
		_ = p.UpdateClientConnState(endpoints("a:1", "b:1"))
		next()
		s.connect(t, "a:1")
		fail := func(text string) {
			cc.made[0].listener(balancer.SubConnState{ConnectivityState: failure, ConnectionError: errors.New(text)})
		}
		cc.made[0].state(connecting)
		fail("refused")
		next()
		cc.made[0].state(idle, connecting)
		fail("refused")
		cc.made[0].state(idle, connecting, ready)
		next()
		s.publish(balancer.PickResult{}, nil)
		next()
		cc.made[0].listener(balancer.SubConnState{ConnectivityState: idle, ConnectionError: errors.New("reset")})
		next()
		s.connect(t, "b:1")
		s.updateErr = errors.New("bad config")
		_ = p.UpdateClientConnState(endpoints("b:1", "a:1"))
		next()
		p.ResolverError(errors.New("no such host"))
		next()
		cc.made[0].state(connecting, idle)
		p.Close()
		p.Close()
		wantTexts(t, m,
			"instance_closed",
			"lost a:1 before it was used",
			"resolver_error  no such host",
			"update_rejected  bad config",
			"folded other b:1",
			"lost a:1 reset",
			"instance_state  READY",
			"connected a:1",
			"connect_failed a:1 refused",
			"resolver_update 2: +2 [a:1 b:1] -0 []",
			"instance_built",
		)
		if at := only(t, m).Events[0].At; !at.Equal(time.Now()) && time.Since(at) > time.Second {
			t.Errorf("the last event is of %v, want now", at)
		}
	})
}

func TestHealthEventsTellWhatIsSo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newWatched(t, balancer.NewSubConnOptions{})
		p.fake.state(connecting, ready)
		say := p.watch()
		say(ready, nil) // usable from the start: nothing to tell
		say(failure, errSick)
		say(failure, errSick)
		say(failure, nil)
		say(connecting, nil)
		say(ready, nil)
		say(failure, nil)
		p.fake.state(idle, connecting, ready) // lost while it was ejected
		say = p.watch()
		say(failure, errSick)
		p.sc.RegisterHealthListener(nil)
		wantTexts(t, p.m,
			"usable a:1",
			"unusable a:1 unhealthy: "+errSick.Error(),
			"connected a:1",
			"lost a:1",
			"unusable a:1 ejected",
			"usable a:1",
			"unusable a:1 unhealthy: "+errSick.Error(),
			"connected a:1",
			"instance_built",
		)
	})
}

// Many channels to one backend: it is usable when all of them say so.
func TestABackendIsUsableAgainWhenNoSubchannelIsUnusable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, s, cc := metrics.New(), &stub{}, &looseConn{}
		m.Instrument(s).Build(cc, balancer.BuildOptions{})
		p, q := &watched{t: t, m: m, sc: s.connect(t, "a:1")}, &watched{t: t, m: m, sc: s.connect(t, "a:1")}
		p.fake, q.fake = cc.made[0], cc.made[1]
		for _, one := range []*watched{p, q} {
			one.fake.state(connecting, ready)
		}
		sayP, sayQ := p.watch(), q.watch()
		sayP(failure, nil)
		sayQ(failure, nil)
		sayP(ready, nil)
		wantTexts(t, p.m, "unusable a:1 ejected", "connected a:1 × 2", "instance_built")
		sayQ(ready, nil)
		wantTexts(t, p.m, "usable a:1", "unusable a:1 ejected", "connected a:1 × 2", "instance_built")
	})
}

func TestAFoldedTargetIsAnEvent(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.WithMaxTargets(1))
	for _, name := range []string{"first", "second"} {
		m.Instrument(&stub{name: name}).Build(&looseConn{}, balancer.BuildOptions{})
	}
	all := metrics.Look(m)
	got := all[livepage.Key{Target: "other", Policy: "second"}].Events
	if len(got) != 2 || got[0].Kind != livepage.Folded {
		t.Errorf("events %+v, want that it was folded", got)
	}
}

func TestResolverUpdatesTellWhichEndpointsCameAndWent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		p := m.Instrument(&stub{}).Build(&looseConn{}, balancer.BuildOptions{})
		many := make([]string, 30)
		for i := range many {
			many[i] = fmt.Sprint("m", i)
		}
		s := endpoints("a", "b", "c")
		update := func(s balancer.ClientConnState) {
			_ = p.UpdateClientConnState(s)
			time.Sleep(time.Minute)
		}
		update(s)
		update(s)                             // the same
		update(endpoints("c", "a", "b"))      // the same, in another order
		update(endpoints("c", "a", "b", "b")) // one more, of the same name
		update(endpoints("a", "x", "b", "c"))
		s.ResolverState.Endpoints[0].Addresses[0].Addr = "d"
		update(s) // in memory that the resolver has used again
		update(endpoints())
		update(endpoints(many...))
		update(balancer.ClientConnState{ResolverState: resolver.State{Addresses: []resolver.Address{{Addr: "x"}, {Addr: "m3"}}}})
		wantTexts(t, m,
			"resolver_update 2: +1 [x] -29 [m0 m1 m2 m4 m5 m6 m7 m8 m9 m10]",
			"resolver_update 30: +30 [m0 m1 m2 m3 m4 m5 m6 m7 m8 m9] -0 []",
			"resolver_update 0: +0 [] -3 [d b c]",
			"resolver_update 3: +1 [d] -2 [a x]",
			"resolver_update 4: +1 [x] -1 [b]",
			"resolver_update 4: +1 [b] -0 []",
			"resolver_update 3: +3 [a b c] -0 []",
			"instance_built",
		)
	})
}

// An update without endpoints, first of all, is an update.
func TestTheFirstResolverUpdateMayBeEmpty(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		p := m.Instrument(&stub{}).Build(&looseConn{}, balancer.BuildOptions{})
		for range 2 {
			_ = p.UpdateClientConnState(endpoints())
		}
		wantTexts(t, m, "resolver_update 0: +0 [] -0 []", "instance_built")
	})
}

// A storm of one kind does not push out what else happened.
func TestAStormOfEventsLeavesTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		s, cc := &stub{}, &looseConn{}
		m.Instrument(s).Build(cc, balancer.BuildOptions{})
		for i := range 1000 {
			s.connect(t, fmt.Sprintf("%d:1", i))
			cc.made[i].state(connecting, ready)
			time.Sleep(time.Millisecond)
		}
		for i := range 500 {
			cc.made[i].state(idle, connecting)
			time.Sleep(time.Millisecond)
		}
		events := only(t, m).Events
		kinds, counts := make(map[livepage.EventKind]int), make(map[livepage.EventKind]int)
		for _, e := range events {
			kinds[e.Kind]++
			counts[e.Kind] += e.N
		}
		want := map[livepage.EventKind]int{livepage.InstanceBuilt: 1, livepage.Connected: 8, livepage.Lost: 8}
		if diff := cmp.Diff(want, kinds); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if counts[livepage.Connected] != 1000 || counts[livepage.Lost] != 500 {
			t.Errorf("counts %v, want 1000 connections and 500 losses", counts)
		}
		if events[0].Backend != "499:1" || events[0].N != 493 {
			t.Errorf("the newest is %+v, want the last loss, for 493", events[0])
		}
	})
}

func TestATargetKeepsItsLastEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		s, cc := &stub{}, &looseConn{}
		m.Instrument(s).Build(cc, balancer.BuildOptions{})
		for i := range 100 {
			s.connect(t, fmt.Sprintf("%d:1", i))
			cc.made[i].state(connecting, ready)
			time.Sleep(time.Minute)
			events := only(t, m).Events
			if n := min(i+2, 64); len(events) != n || events[0].Backend != fmt.Sprintf("%d:1", i) {
				t.Fatalf("%d events, the last %+v, want %d and that of %d", len(events), events[0], n, i)
			}
			if !slices.IsSortedFunc(events, func(a, b livepage.Event) int { return b.At.Compare(a.At) }) {
				t.Fatalf("events %+v, want the newest first", events)
			}
		}
	})
}

// A long text of an error is not kept.
func TestEventsShortenTexts(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	p := m.Instrument(&stub{}).Build(&looseConn{}, balancer.BuildOptions{})
	p.ResolverError(errors.New(strings.Repeat("é", 1000)))
	if got := only(t, m).Events[0].Text; len(got) > 260 || !strings.HasPrefix(got, "ééé") || strings.ContainsRune(got, '\uFFFD') {
		t.Errorf("text %q of %d bytes, want at most 260", got, len(got))
	}
}

// The text of an error is code of others, which may do anything.
func TestTextsOfErrorsAreAskedForWithoutALock(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	s, cc := &stub{}, &looseConn{}
	m.Instrument(s).Build(cc, balancer.BuildOptions{})
	s.connect(t, "a:1")
	cc.made[0].state(connecting)
	asked := false
	cc.made[0].listener(balancer.SubConnState{ConnectivityState: failure, ConnectionError: lazyError(func() string {
		asked = true
		scrape(t, m)
		s.connect(t, "b:1")
		cc.made[1].state(connecting, ready)
		return fmt.Sprint(len(only(t, m).Events))
	})})
	if !asked {
		t.Error("nobody asked for the text")
	}
}

type lazyError func() string

func (e lazyError) Error() string { return e() }

func TestEventsFromManyGoroutines(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	var channels sync.WaitGroup
	for c := range 8 {
		channels.Go(func() {
			s, cc := &stub{}, &looseConn{}
			p := m.Instrument(s).Build(cc, balancer.BuildOptions{})
			defer p.Close()
			for i := range 100 {
				_ = p.UpdateClientConnState(endpoints(fmt.Sprint(c), fmt.Sprint(i)))
				s.connect(t, fmt.Sprint(i%7))
				cc.made[i].state(connecting, failure, connecting, ready, idle)
				if i%10 == 0 {
					only(t, m)
				}
			}
		})
	}
	channels.Wait()
	if n := len(only(t, m).Events); n < 30 || n > 64 {
		t.Errorf("%d events", n)
	}
}
