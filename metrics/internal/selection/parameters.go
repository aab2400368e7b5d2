package selection

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Values of parameters, their defaults and limits.
const (
	HTML           = "html"
	JSON           = "json"
	Ascending      = "asc"
	Descending     = "desc"
	DefaultPerPage = 100
	maxPerPage     = 1000
	MaxFilter      = 200 // bytes of the parameter q
)

// parameter is a parameter of a request for the page.
type parameter struct {
	name string
	// read sets the field of the query to the value, which is not empty. If the
	// value is invalid, it returns a text that says what is valid.
	read func(q *Query, value string) (valid string)
	// write returns the value of the field, or "" if it is the default.
	write func(q Query) string
}

// parameters lists all parameters in the order in which they appear in links.
var parameters = []parameter{
	choiceParameter("format", []string{HTML, JSON}, HTML, func(q *Query) *string { return &q.Format }),
	textParameter("q", MaxFilter, func(q *Query) *string { return &q.Filter }),
	textParameter("target", 0, func(q *Query) *string { return &q.Target }),
	textParameter("policy", 0, func(q *Query) *string { return &q.Policy }),
	choiceParameter("state", filterNames(), "", func(q *Query) *string { return &q.State }),
	choiceParameter("sort", columnNames(), "", func(q *Query) *string { return &q.Sort }),
	choiceParameter("dir", []string{Ascending, Descending}, "", func(q *Query) *string { return &q.Dir }),
	numberParameter("page", 0, 1, func(q *Query) *int { return &q.Page }),
	numberParameter("per_page", maxPerPage, DefaultPerPage, func(q *Query) *int { return &q.PerPage }),
}

func parameterNames() []string {
	names := make([]string, len(parameters))
	for i, p := range parameters {
		names[i] = p.name
	}
	return names
}

// textParameter returns a parameter that takes any text of up to limit bytes; 0 means no limit.
func textParameter(name string, limit int, field func(*Query) *string) parameter {
	return parameter{
		name: name,
		read: func(q *Query, value string) string {
			if limit > 0 && len(value) > limit {
				return fmt.Sprintf("up to %d bytes", limit)
			}
			*field(q) = value
			return ""
		},
		write: func(q Query) string { return *field(&q) },
	}
}

// choiceParameter returns a parameter that takes one of the values, in any case.
func choiceParameter(name string, values []string, byDefault string, field func(*Query) *string) parameter {
	return parameter{
		name: name,
		read: func(q *Query, value string) string {
			i := slices.IndexFunc(values, func(v string) bool { return strings.EqualFold(v, value) })
			if i < 0 {
				return strings.Join(values, ", ")
			}
			*field(q) = values[i]
			return ""
		},
		write: func(q Query) string {
			if v := *field(&q); v != byDefault {
				return v
			}
			return ""
		},
	}
}

// numberParameter returns a parameter that selects a page. It takes a number from 1
// to limit; 0 means no limit.
func numberParameter(name string, limit, byDefault int, field func(*Query) *int) parameter {
	valid := "a whole number from 1"
	if limit > 0 {
		valid += fmt.Sprintf(" to %d", limit)
	}
	return parameter{
		name: name,
		read: func(q *Query, value string) string {
			n, err := strconv.Atoi(value)
			if err != nil || n < 1 || limit > 0 && n > limit {
				return valid
			}
			*field(q), q.Paged = n, true
			return ""
		},
		write: func(q Query) string {
			if n := *field(&q); n != byDefault {
				return strconv.Itoa(n)
			}
			return ""
		},
	}
}
