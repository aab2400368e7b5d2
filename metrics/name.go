package metrics

import (
	"fmt"
	"strings"

	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/resolver"
)

// otherName is the name of the backends above the limit, together.
const otherName = "other"

// ServerName names a backend by the TLS name that the resolver gave its
// address, or by the address if it gave none. It is for [WithBackendName].
func ServerName(addr resolver.Address) string {
	if addr.ServerName == "" {
		return addr.Addr
	}
	return addr.ServerName
}

// Attribute names a backend by what the resolver set under the key in the
// attributes of its address or endpoint, printed as by [fmt.Sprint], or by the
// address if it set nothing. It is for [WithBackendName].
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

// NoName gives all backends of a target the same series, without a name. It is
// for [WithBackendName], where one series per backend is too many.
func NoName(resolver.Address) string { return "" }

// backendName names the backend of a SubConn to the addresses.
func (c *channel) backendName(addrs []resolver.Address) string {
	if len(addrs) == 0 {
		return ""
	}
	addr := addrs[0]
	if c.metrics.name == nil {
		return label(addr.Addr)
	}
	if addr.BalancerAttributes == nil {
		addr.BalancerAttributes = c.endpointAttributes(addr.Addr)
	}
	return label(c.metrics.name(addr))
}

// keepAttributes keeps what a name may want to know of the endpoints. A policy
// makes SubConns to addresses and seldom passes the endpoint's attributes on. The
// endpoints themselves are the resolver's, which may change them after the update.
func (c *channel) keepAttributes(endpoints []resolver.Endpoint) {
	if c.metrics.name == nil {
		return
	}
	byAddr := attributesByAddr(endpoints)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.attributes = byAddr
}

// endpointAttributes returns the attributes of the endpoint of an address.
func (c *channel) endpointAttributes(addr string) *attributes.Attributes {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.attributes[addr]
}

func attributesByAddr(endpoints []resolver.Endpoint) map[string]*attributes.Attributes {
	var byAddr map[string]*attributes.Attributes
	for _, e := range endpoints {
		if e.Attributes == nil {
			continue
		}
		if byAddr == nil { // few resolvers set any
			byAddr = make(map[string]*attributes.Attributes, len(endpoints))
		}
		for _, a := range e.Addresses {
			if byAddr[a.Addr] == nil { // of two endpoints policies take the first
				byAddr[a.Addr] = e.Attributes
			}
		}
	}
	return byAddr
}

// label makes s fit for the value of a Prometheus label.
func label(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
