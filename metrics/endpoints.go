package metrics

import (
	"hash/maphash"
	"slices"
	"sync"

	"google.golang.org/grpc/resolver"
)

// maxEndpointNames is how many endpoints an event names that came, and that went.
const maxEndpointNames = 10

// resolverHistory is what the resolver of one policy instance said last. gRPC sends
// updates and errors one at a time, but a fake or a parent may not.
type resolverHistory struct {
	// mu guards the fields below. Nothing is called under it.
	mu        sync.Mutex
	endpoints endpointList
	failing   bool // the last was an error
}

// updated takes a resolver update. It returns nil if there is nothing to tell: it has
// the same endpoints as the last, and no error came in between.
func (h *resolverHistory) updated(s *resolver.State) *endpointChange {
	h.mu.Lock()
	defer h.mu.Unlock()
	change := h.endpoints.update(s)
	if change == nil && h.failing {
		change = &endpointChange{endpoints: len(h.endpoints)} // it works again
	}
	h.failing = false
	return change
}

// failed takes a resolver error.
func (h *resolverHistory) failed() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failing = true
}

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
// last, in any order. That is usual, and takes no memory. A change that keeps the
// number of endpoints takes memory only for what is between the first and the last
// difference, which in a rolling update is little.
func (l *endpointList) update(s *resolver.State) *endpointChange {
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

// difference returns how many endpoints at the beginning and at the end are the same
// as in the update, which has n.
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

// changeBetween returns what came and what went.
func changeBetween(before, now []string) *endpointChange {
	c := &endpointChange{}
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
