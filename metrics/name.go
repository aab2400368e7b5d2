package metrics

import (
	"cmp"
	"fmt"
	"strings"
	"sync/atomic"

	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/resolver"
)

// otherName is the common name of all backends of a target above their limit, and of
// all targets above theirs.
const otherName = "other"

// NameByServerName names a backend by the TLS server name that the resolver set for
// its address, or by the address if it set none. Use it with [WithBackendName].
func NameByServerName(addr resolver.Address) string { return cmp.Or(addr.ServerName, addr.Addr) }

// NameByAttribute names a backend by the attribute that [ValueOfAttribute] finds,
// or by the address if there is none. Use it with [WithBackendName].
func NameByAttribute(key any) func(resolver.Address) string {
	value := ValueOfAttribute(key)
	return func(addr resolver.Address) string { return cmp.Or(value(addr), addr.Addr) }
}

// ValueOfAttribute returns the value, formatted with [fmt.Sprint], that the resolver
// set for the key in the attributes of a backend's address or endpoint, or "" if it
// set none. Use it with [WithBackendLabel].
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

// NameNone gives all backends of a target the empty name, so that they share
// series. Use it with [WithBackendName] if one series per backend is too many.
func NameNone(resolver.Address) string { return "" }

// backendID identifies a backend of a target.
type backendID struct {
	name   string
	values []string // of the labels of WithBackendLabel
}

// key returns a map key for the backendID. Label values are valid UTF-8, so none
// contains the byte 0xff.
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

// id returns the identity of the backend of a SubConn with the addresses.
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

// keepAttributes keeps the attributes of the endpoints for later names, because
// policies make SubConns to addresses and seldom pass them on. It does not keep the
// endpoints themselves: the resolver may reuse their memory after the update.
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
			if byAddr[a.Addr] == nil { // an address in two endpoints: policies use the first
				byAddr[a.Addr] = e.Attributes
			}
		}
	}
	return byAddr
}

// label makes s valid as the value of a Prometheus label.
func label(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
