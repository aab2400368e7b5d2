package metrics

import (
	"hash/maphash"

	"google.golang.org/grpc/resolver"
)

// maxEndpointNames is how many endpoints an event names that came, and that went.
const maxEndpointNames = 10

// endpointList is what the resolver sent last. An endpoint is named by its first
// address. The list holds the strings, which nobody changes, and not the resolver's
// slices, which it may reuse. It is nil before the first update.
type endpointList []string

// endpointChange is the difference between two updates. It never changes.
type endpointChange struct {
	endpoints                int // now
	added, removed           []string
	addedCount, removedCount int
}

// update takes a resolver update. It returns nil if it has the same endpoints as the
// last, in any order. That is usual, and takes no memory.
func (l *endpointList) update(s *resolver.State) *endpointChange {
	same, shuffled := l.compare(s)
	if same {
		return nil
	}
	before := *l
	now := before[:0]
	if !shuffled {
		now = make(endpointList, 0, endpointCount(s))
	}
	eachEndpoint(s, func(name string) { now = append(now, name) })
	*l = now
	if shuffled {
		return nil
	}
	return now.changeSince(before)
}

var endpointSeed = maphash.MakeSeed()

// compare reports whether the update has the same endpoints in the same order or, if
// not, whether it has them in another.
func (l endpointList) compare(s *resolver.State) (same, shuffled bool) {
	if l == nil || len(l) != endpointCount(s) {
		return false, false
	}
	// Sums of hashes do not depend on the order.
	var before, now uint64
	i := 0
	eachEndpoint(s, func(name string) {
		if l[i] != name {
			before += maphash.String(endpointSeed, l[i])
			now += maphash.String(endpointSeed, name)
			shuffled = true
		}
		i++
	})
	return !shuffled, shuffled && before == now
}

// changeSince returns how the lists differ. A rolling update changes little, so it
// looks closer only at what is between the first and the last difference.
func (l endpointList) changeSince(before endpointList) *endpointChange {
	c := &endpointChange{endpoints: len(l)}
	for len(l) > 0 && len(before) > 0 && l[0] == before[0] {
		l, before = l[1:], before[1:]
	}
	for len(l) > 0 && len(before) > 0 && l[len(l)-1] == before[len(before)-1] {
		l, before = l[:len(l)-1], before[:len(before)-1]
	}
	gone := make(map[string]int, len(before))
	for _, name := range before {
		gone[name]++
	}
	for _, name := range l {
		if gone[name] > 0 {
			gone[name]--
			continue
		}
		c.added, c.addedCount = named(c.added, name), c.addedCount+1
	}
	for _, name := range before {
		if gone[name] > 0 {
			gone[name]--
			c.removed, c.removedCount = named(c.removed, name), c.removedCount+1
		}
	}
	return c
}

// named adds the name unless there are enough.
func named(names []string, name string) []string {
	if len(names) == maxEndpointNames {
		return names
	}
	return append(names, name)
}

// endpointCount returns how many endpoints eachEndpoint yields.
func endpointCount(s *resolver.State) (n int) {
	eachEndpoint(s, func(string) { n++ })
	return n
}

// eachEndpoint yields the name of each endpoint, or of each address if the update has
// no endpoints, as some parents send it.
func eachEndpoint(s *resolver.State, yield func(name string)) {
	for _, e := range s.Endpoints {
		if len(e.Addresses) > 0 {
			yield(e.Addresses[0].Addr)
		}
	}
	if len(s.Endpoints) > 0 {
		return
	}
	for i := range s.Addresses {
		yield(s.Addresses[i].Addr)
	}
}
