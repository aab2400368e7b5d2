package metrics

import (
	"cmp"
	"fmt"
	"strings"
	"sync/atomic"

	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/resolver"
)

// otherName is the name of the backends above the limit, together.
const otherName = "other"

// NameByServerName names a backend by the TLS name that the resolver gave its
// address, or by the address if it gave none. It is for [WithBackendName].
func NameByServerName(addr resolver.Address) string { return cmp.Or(addr.ServerName, addr.Addr) }

// NameByAttribute names a backend by the attribute that [ValueOfAttribute] finds,
// or by the address if there is none. It is for [WithBackendName].
func NameByAttribute(key any) func(resolver.Address) string {
	value := ValueOfAttribute(key)
	return func(addr resolver.Address) string { return cmp.Or(value(addr), addr.Addr) }
}

// ValueOfAttribute returns what the resolver set under the key in the attributes
// of a backend's address or endpoint, printed as by [fmt.Sprint], or "" if it set
// nothing. It is for [WithBackendLabel].
func ValueOfAttribute(key any) func(resolver.Address) string {
	return func(addr resolver.Address) string {
		for _, a := range []*attributes.Attributes{addr.Attributes, addr.BalancerAttributes} {
			if v := a.Value(key); v != nil {
				return fmt.Sprint(v)
			}
		}
		return ""
	}
}

// NameNone gives all backends of a target the same series, without a name. It is
// for [WithBackendName], where one series per backend is too many.
func NameNone(resolver.Address) string { return "" }

// backendID tells a target's backends apart.
type backendID struct {
	name   string
	values []string // of the labels of WithBackendLabel
}

// key is a map key for the backendID. No label value has a byte 0xff, for it is
// valid UTF-8.
func (id backendID) key() string {
	if len(id.values) == 0 {
		return id.name
	}
	return id.name + "\xff" + strings.Join(id.values, "\xff")
}

// backendNamer names the backends of one policy instance.
type backendNamer struct {
	options    *options
	attributes atomic.Pointer[addrAttributes] // of the last update; only if something may ask for them
}

// addrAttributes are the attributes of endpoints by address.
type addrAttributes map[string]*attributes.Attributes

// id identifies the backend of a SubConn to the addresses.
func (n *backendNamer) id(addrs []resolver.Address) backendID {
	var addr resolver.Address
	if len(addrs) > 0 {
		addr = addrs[0]
	}
	if byAddr := n.attributes.Load(); byAddr != nil && addr.BalancerAttributes == nil {
		addr.BalancerAttributes = (*byAddr)[addr.Addr]
	}
	id := backendID{name: label(addr.Addr)}
	if n.options.nameBackend != nil && len(addrs) > 0 {
		id.name = label(n.options.nameBackend(addr))
	}
	for _, l := range n.options.backendLabels {
		id.values = append(id.values, label(l.value(addr)))
	}
	return id
}

// asksForAttributes reports whether a name or label may come from an endpoint's
// attributes.
func (n *backendNamer) asksForAttributes() bool {
	return n.options.nameBackend != nil || len(n.options.backendLabels) > 0
}

// keepAttributes keeps what a name may need of the endpoints: policies make
// SubConns to addresses and seldom pass the endpoint's attributes on. It does not
// keep the endpoints, which the resolver may change after the update.
func (n *backendNamer) keepAttributes(endpoints []resolver.Endpoint) {
	if !n.asksForAttributes() {
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
			if byAddr[a.Addr] == nil { // of two endpoints policies take the first
				byAddr[a.Addr] = e.Attributes
			}
		}
	}
	return byAddr
}

// label makes s fit for the value of a Prometheus label.
func label(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
