package livepage

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/grpc-balancer2/balancer2/metrics/internal/wording"
)

// query holds the parameters of a request.
type query struct {
	format         string // htmlFormat or jsonFormat
	filter         string // the parameter q
	target, policy string // "" for all
	state          string // "" for all, or the name of a stateFilter
	sort           string // "" for the default, or the name of a column
	dir            string // "" for the column's usual direction
	page, perPage  int
	paged          bool // page or perPage was given
}

// parameterError is a mistake in a request. Its message says what is valid.
type parameterError struct {
	Parameter string `json:"parameter"`
	Message   string `json:"message"`
}

// Error implements error.
func (e *parameterError) Error() string { return e.Message }

// badValue returns the error for an invalid value of a parameter.
func badValue(name, value, valid string) error {
	return &parameterError{name, fmt.Sprintf("parameter %s is %s; valid: %s", name, quoted(value), valid)}
}

func quoted(s string) string { return strconv.Quote(wording.Cut(s, wording.MaxName)) }

// parseQuery parses the parameters. If it returns an error, the query still has
// the format for the answer.
func parseQuery(raw string) (query, error) {
	q := query{format: htmlFormat, page: 1, perPage: defaultPerPage}
	values, err := url.ParseQuery(raw)
	if strings.EqualFold(values.Get("format"), jsonFormat) {
		q.format = jsonFormat
	}
	if err != nil {
		return q, &parameterError{"", "read the parameters: " + err.Error() + "; write special characters as %XX"}
	}
	if err := checkNames(values); err != nil {
		return q, err
	}
	for _, p := range parameters {
		value := values.Get(p.name)
		if value == "" {
			continue
		}
		if valid := p.read(&q, value); valid != "" {
			return q, badValue(p.name, value, valid)
		}
	}
	return q, nil
}

// checkNames returns an error for unknown parameters and for those given twice.
func checkNames(values url.Values) error {
	known := parameterNames()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !slices.Contains(known, name) {
			return &parameterError{name, fmt.Sprintf("there is no parameter %s; valid: %s", quoted(name), strings.Join(known, ", "))}
		}
		if n := len(values[name]); n > 1 {
			return &parameterError{name, fmt.Sprintf("parameter %s is given %d times; valid: once", name, n)}
		}
	}
	return nil
}

// link returns a relative URL of the page that the query asks for.
func (q query) link() string {
	var b strings.Builder
	b.WriteByte('?')
	for _, p := range parameters {
		value := p.write(q)
		if value == "" {
			continue
		}
		if b.Len() > 1 {
			b.WriteByte('&')
		}
		b.WriteString(p.name + "=" + url.QueryEscape(value))
	}
	return b.String()
}

// toPage returns the query for page n of the same list.
func (q query) toPage(n int) query {
	q.page = n
	return q
}

// sortedBy returns the query for the list sorted by the column. If the list is
// already sorted by it, the direction is reversed.
func (q query) sortedBy(c column, already bool) query {
	dir := c.dir
	if already {
		dir = opposite(q.direction(c))
	}
	q.sort, q.dir, q.page = c.name, dir, 1
	if dir == c.dir {
		q.dir = ""
	}
	return q
}

func opposite(dir string) string {
	if dir == ascending {
		return descending
	}
	return ascending
}

// direction returns the direction in which the query sorts by the column.
func (q query) direction(c column) string {
	if q.dir != "" {
		return q.dir
	}
	return c.dir
}
