package selection

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/grpc-balancer2/balancer2/metrics/internal/wording"
)

// Query holds the parameters of a request.
type Query struct {
	Format         string // HTML or JSON
	Filter         string // the parameter q
	Target, Policy string // "" for all
	State          string // "" for all, or the name of a Filter
	Sort           string // "" for the default, or the name of a Column
	Dir            string // "" for the column's usual direction
	Page, PerPage  int
	Paged          bool // Page or PerPage was given
}

// QueryError is a mistake in a request. Its message says what is valid.
type QueryError struct {
	Parameter string `json:"parameter"`
	Message   string `json:"message"`
}

// Error implements error.
func (e *QueryError) Error() string { return e.Message }

// badValue returns the error for an invalid value of a parameter.
func badValue(name, value, valid string) error {
	return &QueryError{name, fmt.Sprintf("parameter %s is %s; valid: %s", name, quoted(value), valid)}
}

func quoted(s string) string { return strconv.Quote(wording.Cut(s, wording.MaxName)) }

// Parse parses the parameters. If it returns an error, the query still has
// the format for the answer.
func Parse(raw string) (Query, error) {
	q := Query{Format: HTML, Page: 1, PerPage: DefaultPerPage}
	values, err := url.ParseQuery(raw)
	if strings.EqualFold(values.Get("format"), JSON) {
		q.Format = JSON
	}
	if err != nil {
		return q, &QueryError{"", "read the parameters: " + err.Error() + "; write special characters as %XX"}
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
			return &QueryError{name, fmt.Sprintf("there is no parameter %s; valid: %s", quoted(name), strings.Join(known, ", "))}
		}
		if n := len(values[name]); n > 1 {
			return &QueryError{name, fmt.Sprintf("parameter %s is given %d times; valid: once", name, n)}
		}
	}
	return nil
}

// Link returns a relative URL of the page that the query asks for.
func (q Query) Link() string {
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

// ToPage returns the query for page n of the same list.
func (q Query) ToPage(n int) Query {
	q.Page = n
	return q
}

// SortedBy returns the query for the list sorted by the column. If the list is
// already sorted by it, the direction is reversed.
func (q Query) SortedBy(c Column, already bool) Query {
	dir := c.dir
	if already {
		dir = opposite(q.Direction(c))
	}
	q.Sort, q.Dir, q.Page = c.Name, dir, 1
	if dir == c.dir {
		q.Dir = ""
	}
	return q
}

func opposite(dir string) string {
	if dir == Ascending {
		return Descending
	}
	return Ascending
}

// Direction returns the direction in which the query sorts by the column.
func (q Query) Direction(c Column) string {
	if q.Dir != "" {
		return q.Dir
	}
	return c.dir
}
