package metrics

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxNamed is how many targets or policies the text of an error names.
const maxNamed = 20

// selectTargets returns the targets that the query asks for.
func (q pageQuery) selectTargets(all []targetStatus) ([]targetStatus, error) {
	ofTarget := slices.DeleteFunc(slices.Clone(all), func(t targetStatus) bool { return q.target != "" && t.Target != q.target })
	if len(ofTarget) == 0 && q.target != "" {
		return nil, unknownName("target", q.target, all, func(t targetStatus) string { return t.Target })
	}
	selected := slices.DeleteFunc(slices.Clone(ofTarget), func(t targetStatus) bool { return q.policy != "" && t.Policy != q.policy })
	if len(selected) == 0 && q.policy != "" {
		return nil, unknownName("policy", q.policy, ofTarget, func(t targetStatus) string { return t.Policy })
	}
	return selected, nil
}

func unknownName(parameter, value string, targets []targetStatus, name func(targetStatus) string) error {
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

// selectBackends returns the backends that the query asks for, in its order, and
// how many there are of these targets.
func (q pageQuery) selectBackends(targets []targetStatus) (matched []*backendStatus, total int) {
	matched = make([]*backendStatus, 0)
	needle := strings.ToLower(q.q)
	for _, t := range targets {
		total += len(t.backends)
		for i := range t.backends {
			if b := &t.backends[i]; b.inState(q.state) && b.has(needle) {
				matched = append(matched, b)
			}
		}
	}
	q.column().sort(matched, q.dir)
	return matched, total
}

// stateName is the name of the backend's state on the page.
func (b *backendStatus) stateName() string { return cmp.Or(b.State, noState) }

func (b *backendStatus) inState(filter string) bool {
	switch filter {
	case "":
		return true
	case notReady:
		return b.stateName() != "READY"
	default:
		return b.stateName() == filter
	}
}

// has tells whether the needle, in lower case, is in what the filter looks at.
func (b *backendStatus) has(needle string) bool {
	if needle == "" || strings.Contains(strings.ToLower(b.Backend), needle) ||
		strings.Contains(strings.ToLower(b.stateName()), needle) {
		return true
	}
	for code := range b.RPCs {
		if strings.Contains(strings.ToLower(code), needle) {
			return true
		}
	}
	return false
}

// pages returns how many pages a list of n has. An empty list has one.
func (q pageQuery) pages(n int) int { return max(1, (n+q.perPage-1)/q.perPage) }

// cutPage returns the part of the list that is on the page. Behind the last page
// there is nothing. Programs get the whole list unless they ask for a page.
func (q pageQuery) cutPage(list []*backendStatus) []*backendStatus {
	if q.json && !q.paged {
		return list
	}
	if q.page > q.pages(len(list)) {
		return make([]*backendStatus, 0)
	}
	start := (q.page - 1) * q.perPage
	return list[start:min(start+q.perPage, len(list))]
}

var perPageChoices = []int{25, defaultPerPage, 250, maxPerPage}

// choices returns the sizes of a page to choose from, with the present one.
func (q pageQuery) choices() []string {
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
