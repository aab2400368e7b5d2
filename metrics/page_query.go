package metrics

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// pageQuery is what the parameters of a request for the page say.
type pageQuery struct {
	json           bool
	q              string
	target, policy string
	state          string // "" for all, or one of stateFilters
	sort           string // "" for the default, or a column
	dir            string // "" for the column's usual one
	page, perPage  int
	paged          bool // page or perPage was given
}

const (
	defaultPerPage = 100
	maxPerPage     = 1000
	maxQueryLength = 200 // of q, in bytes
	ascending      = "asc"
	descending     = "desc"
	jsonFormat     = "json"
	notReady       = "NOT_READY"
	noState        = "NONE" // of a backend without a subchannel
)

var stateFilters = []string{"READY", "CONNECTING", "IDLE", "TRANSIENT_FAILURE", noState, notReady}

// pageParameters are in the order in which they appear in links.
var pageParameters = []string{"format", "q", "target", "policy", "state", "sort", "dir", "page", "per_page"}

// parameterError is a mistake in a request, with what would be right.
type parameterError struct {
	Parameter string `json:"parameter"`
	Message   string `json:"message"`
}

// Error implements error.
func (e *parameterError) Error() string { return e.Message }

// badValue says that a parameter has a value it cannot have.
func badValue(name, value, valid string) error {
	return &parameterError{name, fmt.Sprintf("parameter %s is %s; valid: %s", name, quoted(value), valid)}
}

func quoted(s string) string { return strconv.Quote(cut(s, maxShort)) }

// parsePageQuery returns, with an error too, what it could read.
func parsePageQuery(raw string) (pageQuery, error) {
	q := pageQuery{page: 1, perPage: defaultPerPage}
	values, err := url.ParseQuery(raw)
	q.json = strings.EqualFold(values.Get("format"), jsonFormat)
	if err != nil {
		return q, &parameterError{"", "read the parameters: " + err.Error() + "; write special characters as %XX"}
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !slices.Contains(pageParameters, name) {
			return q, &parameterError{name, fmt.Sprintf("there is no parameter %s; valid: %s", quoted(name), strings.Join(pageParameters, ", "))}
		}
		if n := len(values[name]); n > 1 {
			return q, &parameterError{name, fmt.Sprintf("parameter %s is given %d times; valid: once", name, n)}
		}
	}
	q.target, q.policy = values.Get("target"), values.Get("policy")
	if q.q = values.Get("q"); len(q.q) > maxQueryLength {
		return q, badValue("q", q.q, fmt.Sprintf("up to %d bytes", maxQueryLength))
	}
	q.paged = values.Get("page") != "" || values.Get("per_page") != ""
	for _, err := range []error{
		oneOf(values, "format", []string{"html", jsonFormat}, new(string)),
		oneOf(values, "state", stateFilters, &q.state),
		oneOf(values, "sort", columnNames(), &q.sort),
		oneOf(values, "dir", []string{ascending, descending}, &q.dir),
		number(values, "page", 0, &q.page),
		number(values, "per_page", maxPerPage, &q.perPage),
	} {
		if err != nil {
			return q, err
		}
	}
	return q, nil
}

// oneOf reads a parameter that has one of a few values, in upper or lower case.
func oneOf(values url.Values, name string, valid []string, to *string) error {
	v := values.Get(name)
	if v == "" {
		return nil
	}
	for _, s := range valid {
		if strings.EqualFold(s, v) {
			*to = s
			return nil
		}
	}
	return badValue(name, v, strings.Join(valid, ", "))
}

// number reads a parameter that is a number from 1 to limit, or without an end.
func number(values url.Values, name string, limit int, to *int) error {
	v := values.Get(name)
	if v == "" {
		return nil
	}
	n, err := strconv.Atoi(v)
	switch {
	case limit > 0 && (err != nil || n < 1 || n > limit):
		return badValue(name, v, fmt.Sprintf("a whole number from 1 to %d", limit))
	case err != nil || n < 1:
		return badValue(name, v, "a whole number from 1")
	}
	*to = n
	return nil
}
