package metrics

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"

	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/metrics/internal/record"
)

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

// backendNamer names the backends of one policy instance.
type backendNamer struct {
	options    *options
	attributes atomic.Pointer[addrAttributes] // of the last update; only if something may ask for them
}

// addrAttributes are the attributes of endpoints by address.
type addrAttributes map[string]*attributes.Attributes

// id returns the identity of the backend of a SubConn with the addresses.
func (n *backendNamer) id(addrs []resolver.Address) record.ID {
	var addr resolver.Address
	if len(addrs) > 0 {
		addr = addrs[0]
	}
	if byAddr := n.attributes.Load(); byAddr != nil && addr.BalancerAttributes == nil {
		addr.BalancerAttributes = (*byAddr)[addr.Addr]
	}
	id := record.ID{Name: label(addr.Addr)}
	if n.options.nameBackend != nil && len(addrs) > 0 {
		id.Name = label(n.options.nameBackend(addr))
	}
	for _, l := range n.options.backendLabels {
		id.Values = append(id.Values, label(l.value(addr)))
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

// backendLabel is a label of WithBackendLabel.
type backendLabel struct {
	name  string
	value func(resolver.Address) string
}

// plainCatalog has the metrics without further labels.
var plainCatalog = record.NewCatalog(nil)

// addBackendLabels puts the labels of WithBackendLabel in order, as those of samples
// must be, and adds them to the metrics.
func (o *options) addBackendLabels() error {
	o.records.Catalog = plainCatalog
	if len(o.backendLabels) == 0 {
		return nil
	}
	slices.SortStableFunc(o.backendLabels, func(a, b backendLabel) int { return cmp.Compare(a.name, b.name) })
	if err := checkBackendLabels(o.backendLabels, plainCatalog.Labels()); err != nil {
		return err
	}
	for _, l := range o.backendLabels {
		o.records.BackendLabels = append(o.records.BackendLabels, l.name)
	}
	o.records.Catalog = record.NewCatalog(o.records.BackendLabels)
	return nil
}

var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// checkBackendLabels validates labels that are sorted by name. The metrics' own labels
// are taken.
func checkBackendLabels(labels []backendLabel, taken []string) error {
	for i, l := range labels {
		switch {
		case !labelName.MatchString(l.name) || strings.HasPrefix(l.name, "__"):
			return fmt.Errorf("backend label %q: not a label name of Prometheus; use letters, digits and underscores, beginning with a letter", l.name)
		case slices.Contains(taken, l.name):
			return fmt.Errorf("backend label %q: the metrics have a label of this name already; choose another", l.name)
		case i > 0 && labels[i-1].name == l.name:
			return fmt.Errorf("backend label %q: given twice; give it once", l.name)
		case l.value == nil:
			return fmt.Errorf("backend label %q: no function for its value", l.name)
		}
	}
	return nil
}
