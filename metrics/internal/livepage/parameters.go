package livepage

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const (
	htmlFormat     = "html"
	jsonFormat     = "json"
	ascending      = "asc"
	descending     = "desc"
	defaultPerPage = 100
	maxPerPage     = 1000
	maxFilter      = 200 // bytes of the parameter q
)

// parameter is one that a request for the page may have.
type parameter struct {
	name string
	// read sets what the parameter says. Where the value, which is not empty, is
	// not valid, it returns what would be.
	read func(q *query, value string) (valid string)
	// write returns the value, and "" for the default.
	write func(q query) string
}

// parameters are all of them, in the order in which they appear in links.
var parameters = []parameter{
	choiceParameter("format", []string{htmlFormat, jsonFormat}, htmlFormat, func(q *query) *string { return &q.format }),
	textParameter("q", maxFilter, func(q *query) *string { return &q.filter }),
	textParameter("target", 0, func(q *query) *string { return &q.target }),
	textParameter("policy", 0, func(q *query) *string { return &q.policy }),
	choiceParameter("state", stateFilterNames(), "", func(q *query) *string { return &q.state }),
	choiceParameter("sort", columnNames(), "", func(q *query) *string { return &q.sort }),
	choiceParameter("dir", []string{ascending, descending}, "", func(q *query) *string { return &q.dir }),
	numberParameter("page", 0, 1, func(q *query) *int { return &q.page }),
	numberParameter("per_page", maxPerPage, defaultPerPage, func(q *query) *int { return &q.perPage }),
}

func parameterNames() []string {
	names := make([]string, len(parameters))
	for i, p := range parameters {
		names[i] = p.name
	}
	return names
}

// textParameter is a parameter with any value of up to limit bytes; 0 is no limit.
func textParameter(name string, limit int, field func(*query) *string) parameter {
	return parameter{
		name: name,
		read: func(q *query, value string) string {
			if limit > 0 && len(value) > limit {
				return fmt.Sprintf("up to %d bytes", limit)
			}
			*field(q) = value
			return ""
		},
		write: func(q query) string { return *field(&q) },
	}
}

// choiceParameter is a parameter with one of a few values, in upper or lower case.
func choiceParameter(name string, values []string, byDefault string, field func(*query) *string) parameter {
	return parameter{
		name: name,
		read: func(q *query, value string) string {
			i := slices.IndexFunc(values, func(v string) bool { return strings.EqualFold(v, value) })
			if i < 0 {
				return strings.Join(values, ", ")
			}
			*field(q) = values[i]
			return ""
		},
		write: func(q query) string {
			if v := *field(&q); v != byDefault {
				return v
			}
			return ""
		},
	}
}

// numberParameter is a parameter that selects a page: a number from 1 to limit, where 0
// is no limit.
func numberParameter(name string, limit, byDefault int, field func(*query) *int) parameter {
	valid := "a whole number from 1"
	if limit > 0 {
		valid += fmt.Sprintf(" to %d", limit)
	}
	return parameter{
		name: name,
		read: func(q *query, value string) string {
			n, err := strconv.Atoi(value)
			if err != nil || n < 1 || limit > 0 && n > limit {
				return valid
			}
			*field(q), q.paged = n, true
			return ""
		},
		write: func(q query) string {
			if n := *field(&q); n != byDefault {
				return strconv.Itoa(n)
			}
			return ""
		},
	}
}
