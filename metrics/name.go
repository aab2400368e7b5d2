package metrics

import (
	"fmt"
	"strings"
	"sync/atomic"

	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/resolver"
)

// otherName is the common name of all backends above the limit.
const otherName = "other"

// ServerName names a backend by the TLS server name that the resolver set for its
// address, or by the address if it set none. Use it with [WithBackendName].
func ServerName(addr resolver.Address) string {
	if addr.ServerName == "" {
		return addr.Addr
	}
	return addr.ServerName
}

// Attribute names a backend by the value, formatted with [fmt.Sprint], that the
// resolver set for the key in the attributes of its address or endpoint. If it set
// none, the name is the address. Use it with [WithBackendName].
func Attribute(key any) func(resolver.Address) string {
	return func(addr resolver.Address) string {
		for _, a := range []*attributes.Attributes{addr.Attributes, addr.BalancerAttributes} {
			if v := a.Value(key); v != nil {
				return fmt.Sprint(v)
			}
		}
		return addr.Addr
	}
}

// NoName gives all backends of a target the empty name, so that they share series.
// Use it with [WithBackendName] if one series per backend is too many.
func NoName(resolver.Address) string { return "" }

// backendNamer names the backends of one policy instance.
type backendNamer struct {
	custom     func(resolver.Address) string  // WithBackendName's; nil: the address
	attributes atomic.Pointer[addrAttributes] // of the last update; only if custom is set
}

// addrAttributes are the attributes of endpoints by address.
type addrAttributes map[string]*attributes.Attributes

// name returns the name of the backend of a SubConn with the addresses.
func (n *backendNamer) name(addrs []resolver.Address) string {
	if len(addrs) == 0 {
		return ""
	}
	addr := addrs[0]
	if n.custom == nil {
		return label(addr.Addr)
	}
	if byAddr := n.attributes.Load(); byAddr != nil && addr.BalancerAttributes == nil {
		addr.BalancerAttributes = (*byAddr)[addr.Addr]
	}
	return label(n.custom(addr))
}

// keepAttributes keeps the attributes of the endpoints for later names, because
// policies make SubConns to addresses and seldom pass them on. It does not keep the
// endpoints themselves: the resolver may reuse their memory after the update.
func (n *backendNamer) keepAttributes(endpoints []resolver.Endpoint) {
	if n.custom == nil {
		return
	}
	byAddr := attributesByAddr(endpoints)
	n.attributes.Store(&byAddr)
}

func attributesByAddr(endpoints []resolver.Endpoint) addrAttributes {
	var byAddr addrAttributes
	for _, e := range endpoints {
		if e.Attributes == nil {
			continue
		}
		if byAddr == nil { // few resolvers set any
			byAddr = make(addrAttributes, len(endpoints))
		}
		for _, a := range e.Addresses {
			if byAddr[a.Addr] == nil { // an address in two endpoints: policies use the first
				byAddr[a.Addr] = e.Attributes
			}
		}
	}
	return byAddr
}

// label makes s valid as the value of a Prometheus label.
func label(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
