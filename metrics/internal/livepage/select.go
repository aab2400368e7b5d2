package livepage

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
func (q query) selectTargets(all []livestatus.Target) ([]livestatus.Target, error) {
	ofTarget := filtered(all, func(t livestatus.Target) bool { return q.target == "" || t.Target == q.target })
	if len(ofTarget) == 0 && q.target != "" {
		return nil, unknownName("target", q.target, all, func(t livestatus.Target) string { return t.Target })
	}
	selected := filtered(ofTarget, func(t livestatus.Target) bool { return q.policy == "" || t.Policy == q.policy })
	if len(selected) == 0 && q.policy != "" {
		return nil, unknownName("policy", q.policy, ofTarget, func(t livestatus.Target) string { return t.Policy })
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
func (q query) selectBackends(targets []*targetStatus, m *memory) (matched []row, total int) {
	accepts := q.backendFilter()
	for _, t := range targets {
		total += len(t.Backends)
	}
	matched = slices.Grow(m.rows, total)
	for _, t := range targets {
		for i := range t.Backends {
			if b := &t.Backends[i]; accepts(b, t.Judged[i].Condition) {
				matched = append(matched, row{Backend: b, Judged: t.Judged[i], target: t, failed: b.FailedRPCs()})
			}
		}
	}
	m.rows = matched
	return matched, total
}

// backendFilter returns whether the parameters state and q select a backend.
func (q query) backendFilter() func(*livestatus.Backend, diagnosis.Condition) bool {
	inState := func(*livestatus.Backend) bool { return true }
	if i := slices.IndexFunc(stateFilters, func(f stateFilter) bool { return f.name == q.state }); i >= 0 {
		inState = stateFilters[i].accepts
	}
	if q.filter == "" {
		return func(b *livestatus.Backend, _ diagnosis.Condition) bool { return inState(b) }
	}
	wanted := strings.ToLower(q.filter)
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

// pages returns how many pages a list of n rows has. An empty list has one.
func (q query) pages(n int) int { return max(1, (n+q.perPage-1)/q.perPage) }

// cutPage returns the part of the list that is on the page, sorted. It is empty
// after the last page. JSON has the whole list unless a page is asked for. It
// reorders the list.
func (q query) cutPage(list []row) []row {
	start, end := 0, len(list)
	if q.format == htmlFormat || q.paged {
		if q.page > q.pages(len(list)) {
			return nil
		}
		start = (q.page - 1) * q.perPage
		end = min(start+q.perPage, len(list))
	}
	return firstSorted(list, end, q.column().order(q.dir))[start:]
}

var perPageChoices = []int{25, defaultPerPage, 250, maxPerPage}

// choices returns the page sizes to choose from, including the current one.
func (q query) choices() []string {
	sizes := slices.Clone(perPageChoices)
	if !slices.Contains(sizes, q.perPage) {
		sizes = append(sizes, q.perPage)
		slices.Sort(sizes)
	}
	out := make([]string, len(sizes))
	for i, n := range sizes {
		out[i] = strconv.Itoa(n)
	}
	return out
}
