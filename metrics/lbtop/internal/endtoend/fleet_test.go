package endtoend_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fetch"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fleet"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/poll"
)

// watch polls the processes until the returned function is called.
func watch(t *testing.T, n network, hosts ...string) (p *poll.Poller, stop func()) {
	t.Helper()
	getters := make([]poll.Getter, len(hosts))
	for i, host := range hosts {
		a, err := fetch.ParseAddress(host)
		if err != nil {
			t.Fatal(err)
		}
		getters[i] = fetch.NewClient(a, n, 5*time.Second)
	}
	p = poll.New(hosts, getters, 2*time.Second)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.Run(ctx)
	}()
	return p, func() {
		cancel()
		<-ended
	}
}

func backend(t *testing.T, f *fleet.Fleet, name string) *fleet.Backend {
	t.Helper()
	for i := range f.Targets[0].Backends {
		if b := &f.Targets[0].Backends[i]; b.Name == name {
			return b
		}
	}
	t.Fatalf("no backend %s", name)
	return nil
}

func TestFleetShowsAnIncident(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one, two, three := start(t, "a:1", "b:1", "c:1"), start(t, "a:1", "b:1", "c:1"), start(t, "a:1", "b:1", "c:1")
		p, stop := watch(t, network{"one:1": one, "two:1": two, "three:1": three}, "one:1", "two:1", "three:1", "none:1")
		look := func() *fleet.Fleet { return fleet.New(p.Clients(), fleet.Options{}, time.Now()) }
		work(time.Minute, one, two, three)
		calm(t, look())

		one.erring = "b:1"
		one.lose("c:1")
		time.Sleep(time.Second)
		two.lose("c:1")
		lost := time.Now()
		work(10*time.Second, one, two, three)
		incident(t, look(), lost)

		three.stopped.Store(true)
		work(3*time.Second, one, two, three)
		f := look()
		if c := f.Clients[2]; c.State != fleet.Fails || c.Error != "connection refused" || f.Answered() != 2 {
			t.Errorf("the stopped process is %+v", c)
		}
		if c := backend(t, f, "c:1"); c.Clients() != 2 || c.Seen[fleet.Down] != 2 {
			t.Errorf("c is %+v, want down for both that answer", c)
		}
		stop()
	})
}

// calm checks what the fleet shows after a minute without trouble.
func calm(t *testing.T, f *fleet.Fleet) {
	t.Helper()
	if f.Answered() != 3 || len(f.Targets) != 1 {
		t.Fatalf("%d clients answer, %d targets", f.Answered(), len(f.Targets))
	}
	all := f.Targets[0]
	if all.Target != target || all.Policy != "round_robin2" || all.Clients != 3 || all.Summary != "3 of 3 backends usable" {
		t.Errorf("target %+v", all)
	}
	if ratio, known := all.ErrorRatio(); math.Abs(all.RPS-30) > 3 || !known || ratio != 0 {
		t.Errorf("%v RPS, error ratio %v %v, want 30 and 0", all.RPS, ratio, known)
	}
	for _, b := range all.Backends {
		share, known := b.Share()
		if b.Worst() != fleet.OK || b.Usable != 3 || math.Abs(b.RPS-10) > 1 || !known || math.Abs(share-1) > 0.1 || b.P99 < 0.005 || b.P99 > 0.02 {
			t.Errorf("share %v %v of backend %+v", share, known, b)
		}
	}
}

// incident checks what the fleet shows 10 seconds after c was lost by two processes
// and b began to err for one.
func incident(t *testing.T, f *fleet.Fleet, lost time.Time) {
	t.Helper()
	c := backend(t, f, "c:1")
	if c.Usable != 1 || c.Seen[fleet.Down] != 2 || c.Clients() != 3 || !strings.Contains(c.Error, "dial c:1: connection refused") {
		t.Errorf("c is %+v, want down for 2 of 3", c)
	}
	if since := lost.Add(-time.Second).Sub(c.DownSince).Abs(); since > 100*time.Millisecond {
		t.Errorf("c is down since %v, want %v", c.DownSince, lost.Add(-time.Second))
	}
	b := backend(t, f, "b:1")
	if ratio, _ := b.ErrorRatio(); b.Seen[fleet.Erring] != 1 || ratio < 0.25 || b.Error != "INTERNAL: disk full" {
		t.Errorf("error ratio %v of b, which is %+v", ratio, b)
	}
	if f.Targets[0].Backends[0].Name != "c:1" || f.Targets[0].Backends[1].Name != "b:1" {
		t.Error("the worst does not come first")
	}
	if want := "1 of 3 backends down for 11s: c:1 (2 of 3 clients)"; !strings.Contains(f.Targets[0].Summary, want) || !strings.Contains(f.Targets[0].Summary, "errors from b:1") {
		t.Errorf("summary %q, want %s", f.Targets[0].Summary, want)
	}
	i := slices.IndexFunc(f.Events, func(e fleet.Event) bool { return e.Kind == "lost" && e.Backend == "c:1" })
	if i < 0 || !slices.Equal(f.Events[i].Clients, []string{"two:1", "one:1"}) {
		t.Errorf("no event tells that two processes lost c: %+v", f.Events)
	}
	bad := f.Clients[0].Bad
	if len(bad) != 1 || bad[0].Backend != "c:1" || bad[0].Condition != fleet.Down {
		t.Errorf("the first process cannot use %+v, want c", bad)
	}
}

// One process alone: the sentence is its page's own.
func TestOneProcessSpeaksForItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one := start(t, "a:1", "b:1", "c:1")
		p, stop := watch(t, network{"one:1": one}, "one:1")
		work(20*time.Second, one)
		one.lose("c:1")
		work(3*time.Second, one)
		f := fleet.New(p.Clients(), fleet.Options{}, time.Now())
		if got, page := f.Targets[0].Summary, p.Clients()[0].Page.Targets[0].Summary; got != page || !strings.Contains(got, "down") {
			t.Errorf("summary %q, the page says %q", got, page)
		}
		stop()
	})
}
