package fleet

import (
	"cmp"
	"strings"
)

// Severity returns how much of its work the backend fails to do, 0 to 1: the share
// of its clients that cannot use it or, if it errs for one, the share of RPCs that
// fail, whichever is more.
func (b *Backend) Severity() float64 {
	var severity float64
	if n := b.Clients(); n > 0 {
		severity = float64(b.Seen[Down]+b.Seen[Unusable]) / float64(n)
	}
	// A small share would change at each refresh, and rows that trade places cannot
	// be read.
	if b.Seen[Erring] > 0 {
		ratio, _ := b.ErrorRatio()
		severity = max(severity, ratio)
	}
	return severity
}

// worse orders the backends of a target, the worst first.
func worse(a, b Backend) int {
	worst := a.Worst()
	return cmp.Or(
		cmp.Compare(b.Severity(), a.Severity()),
		cmp.Compare(worst, b.Worst()),
		cmp.Compare(b.Seen[worst], a.Seen[worst]),
		Natural(a.Name, b.Name),
	)
}

// worseTarget orders targets, the worst first: those with clients that can use no
// backend, then by the worst backend, then by what the pages say.
func worseTarget(a, b Target) int {
	return cmp.Or(
		cmp.Compare(b.Without, a.Without),
		cmp.Compare(b.Severity(), a.Severity()),
		cmp.Compare(b.Bad, a.Bad),
		cmp.Compare(b.Warned, a.Warned),
		a.compare(b.Key),
	)
}

// Severity returns that of the worst backend.
func (t *Target) Severity() float64 {
	if len(t.Backends) == 0 {
		return 0
	}
	return t.Backends[0].Severity()
}

// worseBad puts targets before backends, and those that are down before others.
func worseBad(a, b Bad) int {
	return cmp.Or(
		cmp.Compare(truth(b.Backend == ""), truth(a.Backend == "")),
		cmp.Compare(a.Condition, b.Condition),
		a.compare(b.Key),
		Natural(a.Backend, b.Backend),
	)
}

func (k Key) compare(other Key) int {
	return cmp.Or(strings.Compare(k.Target, other.Target), strings.Compare(k.Policy, other.Policy))
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Natural compares names as people do: 10.0.0.9 comes before 10.0.0.10.
func Natural(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		m, n := digits(x), digits(y)
		if m == 0 || n == 0 {
			if x[0] != y[0] {
				return cmp.Compare(x[0], y[0])
			}
			x, y = x[1:], y[1:]
			continue
		}
		p, q := strings.TrimLeft(x[:m], "0"), strings.TrimLeft(y[:n], "0")
		if d := cmp.Or(cmp.Compare(len(p), len(q)), strings.Compare(p, q)); d != 0 {
			return d
		}
		x, y = x[m:], y[n:]
	}
	return cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(a, b))
}

// digits returns how many digits s begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}
