package singleconnection

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Mover moves channels to other endpoints. The zero Mover is ready to use. Its methods
// may be called from any goroutine at any time.
type Mover struct {
	mu       sync.Mutex              // guards the field below and is held while a timer is changed
	channels map[*policy]*time.Timer // each calls the policy's method move
}

// Move has each channel move to another endpoint, at a random time within the duration:
// if all clients moved at once, they would be a burst of connections to the servers. It
// returns at once. If a channel has not yet begun an earlier move, this one replaces it.
func (m *Mover) Move(within time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, timer := range m.channels {
		timer.Reset(rand.N(max(within, 1)))
	}
}

func (m *Mover) add(p *policy) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.channels == nil {
		m.channels = make(map[*policy]*time.Timer)
	}
	timer := time.AfterFunc(time.Hour, p.move)
	timer.Stop()
	m.channels[p] = timer
}

func (m *Mover) remove(p *policy) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.channels[p].Stop()
	delete(m.channels, p)
}
