// Package reuse keeps large memory that is used now and then.
package reuse

import (
	"sync"
	"weak"
)

// Pool is like a [sync.Pool], but for a few large objects. A sync.Pool keeps an object
// for each processor, where no other finds it, so that a program on many processors
// makes as many objects, one after the other, though it uses one at a time. In a Pool
// everyone finds every object, the one that was used last first.
//
// An object that is not used for two garbage collections goes. The zero value of a Pool
// is empty. It is safe for concurrent use.
type Pool[T any] struct {
	mu   sync.Mutex
	free []weak.Pointer[T] // guarded by mu

	alive sync.Pool // keeps what is free from the garbage collector for a while
}

// Get returns an object that nobody uses, or a new zero one.
func (p *Pool[T]) Get() *T {
	p.mu.Lock()
	defer p.mu.Unlock()
	for n := len(p.free); n > 0; n = len(p.free) {
		last := p.free[n-1].Value()
		p.free = p.free[:n-1]
		if last != nil {
			return last
		}
	}
	return new(T)
}

// Put gives the object back. The caller must not use it any more.
func (p *Pool[T]) Put(object *T) {
	p.alive.Put(object)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, weak.Make(object))
}
