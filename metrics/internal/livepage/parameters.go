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

// parameter is a parameter of a request for the page.
type parameter struct {
	name string
	// read sets the field of the query to the value, which is not empty. If the
	// value is invalid, it returns a text that says what is valid.
	read func(q *query, value string) (valid string)
	// write returns the value of the field, or "" if it is the default.
	write func(q query) string
}

// parameters lists all parameters in the order in which they appear in links.
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

// textParameter returns a parameter that takes any text of up to limit bytes; 0 means no limit.
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

// choiceParameter returns a parameter that takes one of the values, in any case.
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

// numberParameter returns a parameter that selects a page. It takes a number from 1
// to limit; 0 means no limit.
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
