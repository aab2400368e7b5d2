package events

import (
	"hash/maphash"
	"slices"
	"sync"

	"google.golang.org/grpc/resolver"
)

// maxEndpointNames limits the names of added endpoints, and of removed ones, in an
// event.
const maxEndpointNames = 10

// ResolverHistory is what the resolver last sent to one policy instance. gRPC sends
// updates and errors one at a time, but a fake or a parent may not.
type ResolverHistory struct {
	// mu guards the fields below. Nothing is called under it.
	mu        sync.Mutex
	endpoints endpointList
	failing   bool // it sent an error after the last update
}

// Updated takes a resolver update. It returns nil if there is nothing to tell, because
// the endpoints are the same as before and no error came in between.
func (h *ResolverHistory) Updated(s *resolver.State) *EndpointChange {
	h.mu.Lock()
	defer h.mu.Unlock()
	change := h.endpoints.update(s)
	if change == nil && h.failing {
		change = &EndpointChange{endpoints: len(h.endpoints)} // it works again
	}
	h.failing = false
	return change
}

// Failed takes a resolver error.
func (h *ResolverHistory) Failed() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failing = true
}

// endpointList names the endpoints of the last update by their first addresses. It is
// nil before the first update. It does not keep the resolver's slices, because the
// resolver may reuse them.
type endpointList []string

// EndpointChange is the difference between two updates. It never changes.
type EndpointChange struct {
	endpoints                int // now
	added, removed           []string
	addedCount, removedCount int
}

// update takes a resolver update. It returns nil if the endpoints are the same as
// before, in any order. The same order is the usual case and allocates nothing. If the
// number of endpoints stays the same, update allocates only in proportion to the part
// between the first and the last difference, which in a rolling update is short.
func (l *endpointList) update(s *resolver.State) *EndpointChange {
	same, shuffled := l.compare(s)
	if same {
		return nil
	}
	n := endpointCount(s)
	from, end := l.difference(s, n)
	before := slices.Clone((*l)[from : len(*l)-end])
	if *l == nil || len(*l) != n {
		*l = make(endpointList, n)
	}
	i := 0
	eachEndpoint(s, func(name string) { (*l)[i] = name; i++ })
	if shuffled {
		return nil
	}
	c := changeBetween(before, (*l)[from:n-end])
	c.endpoints = n
	return c
}

// difference returns how many endpoints at the beginning, and how many at the end, are
// the same as in the update, which has n endpoints.
func (l endpointList) difference(s *resolver.State, n int) (from, end int) {
	most := min(len(l), n)
	end = n
	i, differs := 0, false
	eachEndpoint(s, func(name string) {
		if !differs && i < most && l[i] == name {
			from++
		} else {
			differs = true
		}
		// From the end, the same distance apart: the last difference counts.
		if at := i - n + len(l); at < from || l[at] != name {
			end = n - 1 - i
		}
		i++
	})
	return from, min(end, most-from)
}

var endpointSeed = maphash.MakeSeed()

// compare reports whether the update has the same endpoints in the same order, or in
// another order (shuffled).
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

// changeBetween returns what was added and what was removed.
func changeBetween(before, now []string) *EndpointChange {
	c := &EndpointChange{}
	gone := make(map[string]int, len(before))
	for _, name := range before {
		gone[name]++
	}
	for _, name := range now {
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

// named adds the name unless there are maxEndpointNames already.
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
