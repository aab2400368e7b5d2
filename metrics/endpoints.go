package metrics

import "google.golang.org/grpc/resolver"

// maxEndpointNames is how many endpoints an event names that came, and that went.
const maxEndpointNames = 10

// endpointList is what the resolver sent last. An endpoint is named by its first
// address. The list holds the strings, which nobody changes, and not the resolver's
// slices, which it may reuse.
type endpointList []string

// endpointChange is the difference between two updates. It never changes.
type endpointChange struct {
	endpoints                int // now
	added, removed           []string
	addedCount, removedCount int
}

// update takes a resolver update. It returns nil if it has the same endpoints as the
// last, in any order.
func (l *endpointList) update(s *resolver.State) *endpointChange {
	before := *l
	if before.same(s) {
		return nil
	}
	now := make(endpointList, 0, max(len(s.Endpoints), 1))
	eachEndpoint(s, func(addr string) bool {
		now = append(now, addr)
		return true
	})
	*l = now
	c := &endpointChange{endpoints: len(now)}
	c.added, c.addedCount = now.without(before)
	c.removed, c.removedCount = before.without(now)
	if before != nil && c.addedCount+c.removedCount == 0 {
		return nil
	}
	return c
}

// same reports whether the update has the same endpoints in the same order, which is
// usual.
func (l endpointList) same(s *resolver.State) bool {
	i := 0
	same := l != nil
	eachEndpoint(s, func(addr string) bool {
		same = same && i < len(l) && l[i] == addr
		i++
		return same
	})
	return same && i == len(l)
}

// without returns the first names that other does not have, and how many there are.
func (l endpointList) without(other endpointList) (first []string, n int) {
	if len(other) == 0 {
		return l[:min(len(l), maxEndpointNames):min(len(l), maxEndpointNames)], len(l)
	}
	has := make(map[string]struct{}, len(other))
	for _, addr := range other {
		has[addr] = struct{}{}
	}
	for _, addr := range l {
		if _, ok := has[addr]; ok {
			continue
		}
		if n++; n <= maxEndpointNames {
			first = append(first, addr)
		}
	}
	return first, n
}

// eachEndpoint yields the name of each endpoint, or of each address if the update has
// no endpoints, as some parents send it.
func eachEndpoint(s *resolver.State, yield func(string) bool) {
	for _, e := range s.Endpoints {
		if len(e.Addresses) > 0 && !yield(e.Addresses[0].Addr) {
			return
		}
	}
	if len(s.Endpoints) > 0 {
		return
	}
	for i := range s.Addresses {
		if !yield(s.Addresses[i].Addr) {
			return
		}
	}
}
