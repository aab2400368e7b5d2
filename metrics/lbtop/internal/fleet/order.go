package fleet

import (
	"cmp"
	"slices"
)

// Order is an order of backends.
type Order int

// The orders. All but ByName begin with what needs a look.
const (
	ByWorst Order = iota
	ByName
	ByRPS
	ByErrors
	ByLatency
	ByShare // the lowest first
	ByDown  // the longest first
	orders
)

// String returns the name of the order.
func (o Order) String() string {
	return [orders]string{"worst", "name", "RPS", "errors", "latency", "share", "down"}[o]
}

// Next returns the next order, and the first after the last.
func (o Order) Next() Order { return (o + 1) % orders }

// Sorted returns the backends, which are in the order ByWorst, in another one. It
// does not change them.
func (o Order) Sorted(backends []Backend) []Backend {
	if o == ByWorst {
		return backends
	}
	sorted := slices.Clone(backends)
	slices.SortStableFunc(sorted, func(a, b Backend) int { return o.compare(&a, &b) })
	return sorted
}

func (o Order) compare(a, b *Backend) int {
	switch o {
	case ByRPS:
		return cmp.Compare(b.RPS, a.RPS)
	case ByErrors:
		return cmp.Compare(b.Errors, a.Errors)
	case ByLatency:
		return cmp.Compare(max(b.P99, b.Mean), max(a.P99, a.Mean))
	case ByShare:
		x, xKnown := a.Share()
		y, yKnown := b.Share()
		return cmp.Or(cmp.Compare(truth(yKnown), truth(xKnown)), cmp.Compare(x, y))
	case ByDown:
		return cmp.Or(cmp.Compare(truth(b.Seen[Down] > 0), truth(a.Seen[Down] > 0)), downSince(a, b))
	default:
		return Natural(a.Name, b.Name)
	}
}

// downSince puts the longest first, and those of unknown length last.
func downSince(a, b *Backend) int {
	if x, y := a.DownSince.IsZero(), b.DownSince.IsZero(); x || y {
		return cmp.Compare(truth(x), truth(y))
	}
	return a.DownSince.Compare(b.DownSince)
}
