package pickfirst2

import (
	"net"
	"net/netip"

	"google.golang.org/grpc/resolver"
)

// endpointsOf returns the endpoints of a resolver update. Some policies pass
// only addresses to their children: each is then an endpoint of its own.
func endpointsOf(s resolver.State) []resolver.Endpoint {
	if len(s.Endpoints) > 0 || len(s.Addresses) == 0 {
		return s.Endpoints
	}
	endpoints := make([]resolver.Endpoint, len(s.Addresses))
	for i := range s.Addresses {
		endpoints[i].Addresses = s.Addresses[i : i+1]
	}
	return endpoints
}

// addressList returns the addresses in the order in which they are to be tried
// (gRFC A61): flattened, each once, families interleaved. The list shares no
// memory with the endpoints.
func addressList(endpoints []resolver.Endpoint) []resolver.Address {
	return interleave(distinct(flatten(endpoints)))
}

// flatten returns a new list: a resolver may write its next update over the
// last one.
func flatten(endpoints []resolver.Endpoint) []resolver.Address {
	n := 0
	for _, e := range endpoints {
		n += len(e.Addresses)
	}
	addrs := make([]resolver.Address, 0, n)
	for _, e := range endpoints {
		addrs = append(addrs, e.Addresses...)
	}
	return addrs
}

// distinct drops all but the first of equal addresses, in place.
func distinct(addrs []resolver.Address) []resolver.Address {
	if len(addrs) < 2 {
		return addrs
	}
	seen := resolver.NewAddressMapV2[bool]()
	kept := addrs[:0]
	for _, a := range addrs {
		if _, ok := seen.Get(a); ok {
			continue
		}
		seen.Set(a, true)
		kept = append(kept, a)
	}
	return kept
}

// interleave has the address families take turns, in the order in which each
// first appears, until they are used up (RFC 8305, section 4, with a First
// Address Family Count of 1). Within a family the order is kept.
func interleave(addrs []resolver.Address) []resolver.Address {
	if len(addrs) < 2 {
		return addrs
	}
	var families []family
	queues := make(map[family][]resolver.Address, 3)
	for _, a := range addrs {
		f := familyOf(a.Addr)
		if len(queues[f]) == 0 {
			families = append(families, f)
		}
		queues[f] = append(queues[f], a)
	}
	if len(families) < 2 {
		return addrs
	}
	mixed := make([]resolver.Address, 0, len(addrs))
	for len(mixed) < len(addrs) {
		for _, f := range families {
			if len(queues[f]) > 0 {
				mixed = append(mixed, queues[f][0])
				queues[f] = queues[f][1:]
			}
		}
	}
	return mixed
}

type family uint8

const (
	other family = iota // not an IP address: a host name, a socket's path
	ipv4
	ipv6
)

func familyOf(addr string) family {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return other
	}
	ip, err := netip.ParseAddr(host)
	switch {
	case err != nil:
		return other
	case ip.Unmap().Is4():
		return ipv4
	default:
		return ipv6
	}
}

// sameAddress tells whether a SubConn to one address is as good as one to the
// other: Addr, ServerName and Attributes are equal, whatever their
// BalancerAttributes.
func sameAddress(a, b resolver.Address) bool {
	return a.Addr == b.Addr && a.ServerName == b.ServerName && a.Attributes.Equal(b.Attributes)
}

// addressIndex finds addresses in a list, as sameAddress does.
type addressIndex struct {
	only  []resolver.Address // a list of one needs no map
	index *resolver.AddressMapV2[int]
}

func newAddressIndex(addrs []resolver.Address) addressIndex {
	if len(addrs) < 2 {
		return addressIndex{only: addrs}
	}
	index := resolver.NewAddressMapV2[int]()
	for i, a := range addrs {
		index.Set(a, i)
	}
	return addressIndex{index: index}
}

func (x addressIndex) find(a resolver.Address) (int, bool) {
	if x.index != nil {
		return x.index.Get(a)
	}
	for i, b := range x.only {
		if sameAddress(a, b) {
			return i, true
		}
	}
	return 0, false
}
