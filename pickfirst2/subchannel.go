package pickfirst2

import (
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
)

// subchannel is one address of the list that has been tried. The machine owns
// every field but conn, which is the shell's.
type subchannel struct {
	conn balancer.SubConn // nil until the first connect, or if gRPC refused to make one

	index  int                // of its address in the machine's list
	state  connectivity.State // as gRPC said last, IDLE before
	failed bool               // it has been in TRANSIENT_FAILURE during this pass
	err    error              // why it failed last; nil once it was READY
	gone   bool               // shut down: what is still heard of it is stale
}

func (m *machine) dropOthers(out *effects, keep *subchannel) {
	for i, sub := range m.subs {
		if sub != nil && sub != keep {
			m.drop(out, sub)
			m.subs[i] = nil
		}
	}
}

func (m *machine) drop(out *effects, sub *subchannel) {
	sub.gone = true
	out.shutDown(sub)
}

// reconcile replaces the list. Subchannels whose address is still listed stay,
// in the state in which they are; the others are dropped.
func (m *machine) reconcile(out *effects, addrs []resolver.Address) {
	index := newAddressIndex(addrs)
	subs := make([]*subchannel, len(addrs))
	for i, sub := range m.subs {
		if sub == nil {
			continue
		}
		at, listed := index.find(m.addrs[i])
		if !listed {
			m.drop(out, sub)
			continue
		}
		sub.index = at
		subs[at] = sub
	}
	m.addrs, m.subs = addrs, subs
}
