package metrics_test

import (
	"errors"
	"strconv"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// If a parent builds its child in a goroutine, gRPC may send events of the child's
// SubConns meanwhile.
func TestLegacyPolicyHearsOfWhatHappenedWhileItWasBuilt(t *testing.T) {
	t.Parallel()
	const n = 1000
	cc, s := &looseConn{}, &stub{}
	var heard []string
	s.onLegacy = func(_ balancer.SubConn, state balancer.SubConnState) {
		heard = append(heard, state.ConnectionError.Error())
	}
	var telling sync.WaitGroup
	b := builderFunc(func(inner balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
		s.Build(inner, opts)
		s.connectWith(t, "a:1", nil)
		begun := make(chan struct{})
		telling.Go(func() {
			for i := range n {
				cc.made[0].listener(balancer.SubConnState{ConnectivityState: failure, ConnectionError: errors.New(strconv.Itoa(i))})
				if i == n/10 {
					close(begun)
				}
			}
		})
		<-begun
		return s
	})
	metrics.New().Instrument(b).Build(cc, balancer.BuildOptions{})
	telling.Wait()
	var want []string
	for i := range n {
		want = append(want, strconv.Itoa(i))
	}
	if diff := cmp.Diff(want, heard); diff != "" {
		t.Errorf("the policy heard (-want +got):\n%s", diff)
	}
}

// An event that comes while early events are being delivered waits for its turn.
func TestEarlyEventsAreDeliveredInOrder(t *testing.T) {
	t.Parallel()
	cc, s := &looseConn{}, &stub{}
	report := func(i int) {
		cc.made[0].listener(balancer.SubConnState{ConnectivityState: failure, ConnectionError: errors.New(strconv.Itoa(i))})
	}
	var got []string
	s.onLegacy = func(_ balancer.SubConn, state balancer.SubConnState) {
		got = append(got, state.ConnectionError.Error())
		if len(got) == 1 {
			report(2)
		}
	}
	b := builderFunc(func(inner balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
		s.Build(inner, opts)
		s.connectWith(t, "a:1", nil)
		report(0)
		report(1)
		return s
	})
	metrics.New().Instrument(b).Build(cc, balancer.BuildOptions{})
	report(3)
	if diff := cmp.Diff([]string{"0", "1", "2", "3"}, got); diff != "" {
		t.Errorf("the policy got (-want +got):\n%s", diff)
	}
}
