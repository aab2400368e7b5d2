package waits_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/waits"
)

// Enough RPCs that they share buckets, each for two policies.
func TestManyRPCsWaitEachForItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const rpcs = 1000
		var l waits.List
		targets := []*tally{new(tally), new(tally)}
		var instances []*waits.Instance
		for _, ta := range targets {
			instances = append(instances, l.NewInstance(ta))
		}
		var contexts []context.Context
		for range rpcs {
			contexts = append(contexts, newRPC(t, t.Context()))
		}
		for _, ctx := range contexts {
			for _, inst := range instances {
				queue(ctx, &l, inst)
			}
		}
		if n := l.Len(); n != rpcs {
			t.Errorf("RPCs that wait: %d, want %d", n, rpcs)
		}
		for i, ctx := range contexts {
			if i == rpcs/2 {
				l.Close(instances[1])
			}
			time.Sleep(time.Second)
			l.Resolved(ctx, instances[0])
			if n := l.Len(); n != int64(rpcs-i-1) {
				t.Fatalf("RPCs that wait after %d picks: %d, want %d", i+1, n, rpcs-i-1)
			}
		}
		all := time.Duration(rpcs*(rpcs+1)/2) * time.Second
		half := time.Duration(rpcs/2*(rpcs/2+1)/2+rpcs/2*rpcs/2) * time.Second // the closed one has none later than that
		for i, want := range []time.Duration{all, half} {
			ta := targets[i]
			if ta.waiting != 0 || ta.count[waits.Connecting] != rpcs || ta.sum[waits.Connecting] != want {
				t.Errorf("policy %d: %d wait, %d have waited %v; want none, and all of %d %v",
					i, ta.waiting, ta.count[waits.Connecting], ta.sum[waits.Connecting], rpcs, want)
			}
		}
	})
}

// Everything at once, for the race detector. All waits end, and each once.
func TestWaitsEndHoweverTheyMeet(t *testing.T) {
	t.Parallel()
	var l waits.List
	targets := []*tally{new(tally), new(tally)}
	instances := []*waits.Instance{l.NewInstance(targets[0]), l.NewInstance(targets[0]), l.NewInstance(targets[1]), l.NewInstance(targets[1])}
	rpc, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 500 {
				rpc, end := context.WithTimeout(rpc, time.Duration(rand.IntN(1000))*time.Microsecond)
				attempts := []context.Context{context.WithValue(rpc, attemptKey{}, 1), context.WithValue(rpc, attemptKey{}, 2)}
				current := 0
				for range rand.IntN(6) {
					inst := instances[rand.IntN(len(instances))]
					switch rand.IntN(8) {
					case 0:
						current = 1
					case 1:
						l.Resolved(attempts[current], inst)
					case 2:
						inst.NextPicker()
					case 3:
						l.Prune()
					default:
						why := waits.Reason(rand.IntN(int(waits.NumReasons)))
						l.Refused(attempts[current], waits.Refusal{Instance: inst, Picker: inst.LastPicker(), Reason: why})
					}
				}
				if rand.IntN(2) == 0 {
					defer end()
				} else {
					end()
				}
			}
		})
	}
	all.Go(func() {
		runtime.Gosched()
		l.Close(instances[3])
	})
	all.Wait()
	cancel()
	l.Prune()
	for i, ta := range targets {
		if ta.waiting != 0 || l.Any() {
			t.Errorf("policy %d: %d wait at the end, want none; RPCs: %d", i, ta.waiting, l.Len())
		}
		if counted := ta.count[waits.Connecting] + ta.count[waits.StateMismatch] + ta.count[waits.PickerFailing]; counted == 0 || counted > ta.begun {
			t.Errorf("policy %d: %d waits counted, want some of the %d that began", i, counted, ta.begun)
		}
	}
}
