package selection

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/grpc-balancer2/balancer2/metrics/internal/diagnosis"
	"github.com/grpc-balancer2/balancer2/metrics/internal/grpcstatus"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// maxNamed is how many targets or policies an error lists.
const maxNamed = 20

// selectTargets returns the targets that the query asks for, by name and policy.
func (q Query) selectTargets(all []livestatus.Target) ([]livestatus.Target, error) {
	ofTarget := filtered(all, func(t livestatus.Target) bool { return q.Target == "" || t.Target == q.Target })
	if len(ofTarget) == 0 && q.Target != "" {
		return nil, unknownName("target", q.Target, all, func(t livestatus.Target) string { return t.Target })
	}
	selected := filtered(ofTarget, func(t livestatus.Target) bool { return q.Policy == "" || t.Policy == q.Policy })
	if len(selected) == 0 && q.Policy != "" {
		return nil, unknownName("policy", q.Policy, ofTarget, func(t livestatus.Target) string { return t.Policy })
	}
	slices.SortFunc(selected, func(a, b livestatus.Target) int { return a.Compare(b.Key) })
	return selected, nil
}

// filtered returns a new slice.
func filtered(targets []livestatus.Target, keep func(livestatus.Target) bool) []livestatus.Target {
	return slices.DeleteFunc(slices.Clone(targets), func(t livestatus.Target) bool { return !keep(t) })
}

func unknownName(parameter, value string, targets []livestatus.Target, name func(livestatus.Target) string) error {
	var valid []string
	for _, t := range targets {
		valid = append(valid, name(t))
	}
	slices.Sort(valid)
	valid = slices.Compact(valid)
	for i, v := range valid {
		valid[i] = quoted(v)
	}
	switch n := len(valid); {
	case n == 0:
		return badValue(parameter, value, "none yet, as there is no channel with an instrumented policy")
	case n > maxNamed:
		return badValue(parameter, value, strings.Join(valid[:maxNamed], ", ")+fmt.Sprintf(" and %d more", n-maxNamed))
	}
	return badValue(parameter, value, strings.Join(valid, ", "))
}

// selectBackends returns the backends that the query selects, in any order, and the
// number of all backends of the targets.
func (q Query) selectBackends(targets []*Target, m *memory) (matched []Row, total int) {
	accepts := q.backendFilter()
	for _, t := range targets {
		total += len(t.Backends)
	}
	matched = slices.Grow(m.rows, total)
	for _, t := range targets {
		for i := range t.Backends {
			if b := &t.Backends[i]; accepts(b, t.Judged[i].Condition) {
				matched = append(matched, Row{Backend: b, Judged: t.Judged[i], Target: t, failed: b.FailedRPCs()})
			}
		}
	}
	m.rows = matched
	return matched, total
}

// backendFilter returns whether the parameters state and q select a backend.
func (q Query) backendFilter() func(*livestatus.Backend, diagnosis.Condition) bool {
	inState := func(*livestatus.Backend) bool { return true }
	if i := slices.IndexFunc(Filters, func(f Filter) bool { return f.Name == q.State }); i >= 0 {
		inState = Filters[i].accepts
	}
	if q.Filter == "" {
		return func(b *livestatus.Backend, _ diagnosis.Condition) bool { return inState(b) }
	}
	wanted := strings.ToLower(q.Filter)
	has := func(s string) bool { return strings.Contains(strings.ToLower(s), wanted) }
	var ofCode [grpcstatus.Count]bool
	for code := range ofCode {
		ofCode[code] = has(grpcstatus.Name(codes.Code(code)))
	}
	return func(b *livestatus.Backend, c diagnosis.Condition) bool {
		if !inState(b) {
			return false
		}
		if has(b.Name) || has(b.StateName()) || c.Wrong() && has(c.String()) {
			return true
		}
		for reason := range b.Unusable {
			if has(reason) {
				return true
			}
		}
		for code, n := range b.RPCs {
			if n > 0 && ofCode[code] {
				return true
			}
		}
		return false
	}
}

// Pages returns how many pages a list of n rows has. An empty list has one.
func (q Query) Pages(n int) int { return max(1, (n+q.PerPage-1)/q.PerPage) }

// cutPage returns the part of the list that is on the page, sorted. It is empty
// after the last page. JSON has the whole list unless a page is asked for. It
// reorders the list.
func (q Query) cutPage(list []Row) []Row {
	start, end := 0, len(list)
	if q.Format == HTML || q.Paged {
		if q.Page > q.Pages(len(list)) {
			return nil
		}
		start = (q.Page - 1) * q.PerPage
		end = min(start+q.PerPage, len(list))
	}
	return firstSorted(list, end, q.Column().order(q.Dir))[start:]
}

var perPageChoices = []int{25, DefaultPerPage, 250, maxPerPage}

// Choices returns the page sizes to choose from, including the current one.
func (q Query) Choices() []string {
	sizes := slices.Clone(perPageChoices)
	if !slices.Contains(sizes, q.PerPage) {
		sizes = append(sizes, q.PerPage)
		slices.Sort(sizes)
	}
	out := make([]string, len(sizes))
	for i, n := range sizes {
		out[i] = strconv.Itoa(n)
	}
	return out
}
