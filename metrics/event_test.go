package metrics_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// texts returns the events of the only target as text, newest first.
func texts(t *testing.T, m *metrics.Metrics) []string {
	t.Helper()
	var all []string
	for _, e := range only(t, m).Events {
		s := strings.TrimSpace(fmt.Sprintf("%s %s %s", e.Kind, e.Backend, e.Text))
		if e.Kind == livestatus.ResolverUpdate {
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
	got := all[livestatus.Key{Target: "other", Policy: "second"}].Events
	if len(got) != 2 || got[0].Kind != livestatus.Folded {
		t.Errorf("events %+v, want that it was folded", got)
	}
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

// Attempts that fail one after the other are one event, until one succeeds.
func TestTheFirstFailedAttemptIsAnEvent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		s, cc := &stub{}, &looseConn{}
		m.Instrument(s).Build(cc, balancer.BuildOptions{})
		sc := s.connect(t, "a:1")
		cc.made[0].state(connecting, failure, connecting, failure, connecting, ready, idle, connecting, failure, connecting, failure)
		wantTexts(t, m, "connect_failed a:1", "lost a:1", "connected a:1", "connect_failed a:1", "instance_built")
		sc.Shutdown()
		s.connect(t, "a:1")
		cc.made[1].state(connecting, failure)
		wantTexts(t, m, "connect_failed a:1 × 2", "lost a:1", "connected a:1", "connect_failed a:1", "instance_built")
	})
}
