package waits_test

import (
	"context"
	"runtime"
	"testing"
	"weak"

	"github.com/grpc-balancer2/balancer2/metrics/internal/waits"
)

// A refusal costs no allocation but that of the context's Done channel. gRPC makes it
// anyway if the RPC waits.
//
// Not parallel: it counts allocations.
func TestARefusalAllocatesNothing(t *testing.T) {
	type attempts [2]context.Context // of one RPC
	ends := map[string]func(l *waits.List, inst *waits.Instance, a attempts, cancel func()){
		"RPC ends": func(_ *waits.List, _ *waits.Instance, _ attempts, cancel func()) { cancel() },
		"pick":     func(l *waits.List, inst *waits.Instance, a attempts, _ func()) { l.Resolved(a[0], inst) },
		"pick after more": func(l *waits.List, inst *waits.Instance, a attempts, _ func()) {
			queue(a[0], l, inst)
			l.Resolved(a[0], inst)
		},
		"retry": func(l *waits.List, inst *waits.Instance, a attempts, _ func()) {
			queue(a[1], l, inst)
			l.Resolved(a[1], inst)
		},
		"new picker": func(_ *waits.List, inst *waits.Instance, _ attempts, cancel func()) { cancel(); inst.NextPicker() },
		"scrape":     func(l *waits.List, _ *waits.Instance, _ attempts, cancel func()) { cancel(); l.Prune() },
	}
	for name, end := range ends {
		for _, why := range []waits.Reason{waits.Connecting, waits.StateMismatch, waits.PickerFailing} {
			var l waits.List
			inst := l.NewInstance(new(tally))
			run := func(refuse bool) float64 {
				return testing.AllocsPerRun(1000, func() {
					rpc, cancel := context.WithCancel(t.Context())
					defer cancel()
					a := attempts{context.WithValue(rpc, attemptKey{}, 1), context.WithValue(rpc, attemptKey{}, 2)}
					if !refuse {
						rpc.Done()
						return
					}
					l.Refused(a[0], waits.Refusal{Instance: inst, Picker: inst.LastPicker(), Reason: why})
					end(&l, inst, a, cancel)
				})
			}
			if bare, refused := run(false), run(true); refused != bare {
				t.Errorf("%s, reason %d: %v allocations, and %v without the refusal", name, why, refused, bare)
			}
		}
	}
}

// Not parallel: it looks at the heap.
func TestMemoryOfAnRPCThatWaits(t *testing.T) {
	const rpcs = 20_000
	var l waits.List
	inst := l.NewInstance(new(tally))
	contexts := make([]context.Context, 0, rpcs)
	for range rpcs {
		rpc := newRPC(t, t.Context())
		rpc.Done()
		contexts = append(contexts, rpc)
	}
	before := heapSize()
	for _, ctx := range contexts {
		queue(ctx, &l, inst)
	}
	if got := (heapSize() - before) / rpcs; got > 200 {
		t.Errorf("an RPC that waits takes %d bytes, want 200 at most", got)
	}
	for _, ctx := range contexts {
		l.Resolved(ctx, inst)
	}
	if got := heapSize() - before; got > 100<<10 {
		t.Errorf("%d bytes more than before the RPCs waited, want less than 100 KiB", got)
	}
	runtime.KeepAlive(&l)
	runtime.KeepAlive(contexts)
}

// A stream may live for hours after it waited, and a Metrics as long as the program.
func TestWhatHasWaitedIsNotHeldInMemory(t *testing.T) {
	t.Parallel()
	var l waits.List
	type payload struct{ _ [100]byte }
	target, value := func() (weak.Pointer[tally], weak.Pointer[payload]) {
		ta, p := new(tally), new(payload)
		inst := l.NewInstance(ta)
		for range 100 {
			rpc, cancel := context.WithCancel(t.Context())
			queue(context.WithValue(rpc, attemptKey{}, p), &l, inst)
			cancel()
		}
		l.Close(inst)
		return weak.Make(ta), weak.Make(p)
	}()
	runtime.GC()
	runtime.GC()
	if target.Value() != nil {
		t.Error("the target of a closed instance is held")
	}
	if value.Value() != nil {
		t.Error("the context of an RPC that has ended is held")
	}
	runtime.KeepAlive(&l)
}

// heapSize returns the size in bytes of what is reachable on the heap.
func heapSize() int {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}
