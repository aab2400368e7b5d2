package pickfirst2

import (
	"net"
	"net/netip"

	"google.golang.org/grpc/resolver"
)

// endpointsToTry returns the endpoints of a resolver update. Some parents pass
// only addresses: each of them, unchanged, is then an endpoint.
func endpointsToTry(s resolver.State) []resolver.Endpoint {
	if len(s.Endpoints) > 0 || len(s.Addresses) == 0 {
		return s.Endpoints
	}
	endpoints := make([]resolver.Endpoint, len(s.Addresses))
	for i := range s.Addresses {
		endpoints[i].Addresses = s.Addresses[i : i+1]
	}
	return endpoints
}

// addressList returns the addresses in the order in which to try them (gRFC A61):
// flattened, without duplicates, families interleaved. The list shares no memory
// with the endpoints.
func addressList(endpoints []resolver.Endpoint) []resolver.Address {
	return interleave(distinct(flatten(endpoints)))
}

// flatten returns a new list, since a resolver may overwrite an update with the
// next one.
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

// distinct keeps the first of equal addresses. It works in place.
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

// interleave alternates between the address families (RFC 8305, section 4, with a
// First Address Family Count of 1). The families come in the order of their first
// addresses; the order within a family stays.
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
	other family = iota // not an IP address, such as a host name or the path of a socket
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

// sameAddress tells whether a SubConn to a can serve as one to b: it compares all
// fields but BalancerAttributes.
func sameAddress(a, b resolver.Address) bool {
	return a.Addr == b.Addr && a.ServerName == b.ServerName && a.Attributes.Equal(b.Attributes)
}

// addressIndex finds an address in a list. It compares addresses as sameAddress
// does.
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
