package reuse_test

import (
	"runtime"
	"testing"
	"weak"

	"github.com/grpc-balancer2/balancer2/metrics/internal/reuse"
)

type large struct{ bytes [1 << 10]byte }

// However many processors there are, those who use an object in turn make one.
func TestEveryoneFindsWhatAnotherPutBack(t *testing.T) {
	t.Parallel()
	var p reuse.Pool[large]
	first := p.Get()
	p.Put(first)
	for range 100 {
		got := make(chan *large)
		go func() {
			object := p.Get()
			p.Put(object)
			got <- object
		}()
		if object := <-got; object != first {
			t.Fatal("there is a second object though one was free")
		}
	}
	runtime.KeepAlive(first) // whatever sync.Pool does under the race detector
}

func TestTwoAtOnceHaveAnObjectEach(t *testing.T) {
	t.Parallel()
	var p reuse.Pool[large]
	a, b := p.Get(), p.Get()
	if a == b {
		t.Fatal("two users share an object")
	}
	p.Put(a)
	p.Put(b)
	if got := p.Get(); got != b {
		t.Error("the object that was used last is not the first to be used again")
	}
	if got := p.Get(); got != a {
		t.Error("the other object is not used again")
	}
	if got := p.Get(); got == a || got == b {
		t.Error("an object is in use twice")
	}
	runtime.KeepAlive(a)
	runtime.KeepAlive(b)
}

// What nobody uses does not stay in memory.
func TestUnusedObjectsGo(t *testing.T) {
	t.Parallel()
	var p reuse.Pool[large]
	object := weak.Make(p.Get())
	func() {
		o := p.Get()
		o.bytes[0] = 1
		object = weak.Make(o)
		p.Put(o)
	}()
	for range 3 { // sync.Pool keeps an object over one collection
		runtime.GC()
	}
	if object.Value() != nil {
		t.Error("an unused object is still in memory")
	}
	if got := p.Get(); got.bytes[0] != 0 {
		t.Error("the pool returns an object that is gone")
	}
}
