package metrics_test

import (
	"math/rand/v2"
	"sync"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics"
)

func TestReadyIsUsableAndUnusableInEveryScrape(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	var channels, scraper sync.WaitGroup
	for range 4 {
		channels.Go(func() { shakeHealth(t, m, 300) })
	}
	done := make(chan struct{})
	scraper.Go(func() {
		for {
			scrape(t, m).checkLaws(t)
			select {
			case <-done:
				return
			default:
			}
		}
	})
	channels.Wait()
	close(done)
	scraper.Wait()
	got := scrape(t, m)
	got.checkLaws(t)
	if n := got.sum("ready_subchannels"); n != 0 {
		t.Errorf("READY subchannels when all are shut down: %v, want 0", n)
	}
}

// shakeHealth has subchannels connect, be told of their health from two goroutines,
// and go.
func shakeHealth(t *testing.T, m *metrics.Metrics, n int) {
	cc, s := &looseConn{}, &stub{}
	m.Instrument(s).Build(cc, balancer.BuildOptions{})
	for i := range n {
		sc := s.connect(t, "a:1")
		fake := cc.made[i]
		fake.state(connecting, ready)
		var tellers sync.WaitGroup
		for range 2 {
			sc.RegisterHealthListener(func(balancer.SubConnState) {})
			say := fake.health[len(fake.health)-1]
			tellers.Go(func() {
				for range 10 {
					errs := []error{nil, errSick}
					states := []connectivity.State{ready, connecting, failure, failure}
					say(balancer.SubConnState{ConnectivityState: states[rand.IntN(4)], ConnectionError: errs[rand.IntN(2)]})
				}
			})
		}
		if i%2 == 0 {
			fake.state(idle, connecting, ready)
		}
		sc.Shutdown()
		tellers.Wait()
	}
}

func TestSubchannelsOfABackendCountEachByItself(t *testing.T) {
	t.Parallel()
	p := newWatched(t, balancer.NewSubConnOptions{})
	states := []error{nil, errSick, errSick, nil, errSick}
	cc := &looseConn{}
	s := &stub{}
	p.m.Instrument(s).Build(cc, balancer.BuildOptions{})
	for i, err := range states {
		sc := s.connect(t, "a:1")
		cc.made[i].state(connecting, ready)
		sc.RegisterHealthListener(func(balancer.SubConnState) {})
		cc.made[i].health[0](balancer.SubConnState{ConnectivityState: failure, ConnectionError: err})
	}
	p.fake.state(connecting, ready)
	s.connect(t, "a:1").RegisterHealthListener(func(balancer.SubConnState) {})
	s.connect(t, "a:1").RegisterHealthListener(func(balancer.SubConnState) {})
	cc.made[6].state(ready)
	p.want("of two channels", map[string]float64{
		"ready_subchannels a:1": 7, "usable_subchannels a:1": 2,
		"unusable_subchannels a:1 unhealthy": 3, "unusable_subchannels a:1 ejected": 2,
	})
}
