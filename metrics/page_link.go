package metrics

import (
	"net/url"
	"strconv"
	"strings"
)

// link returns a relative URL of the page that the query asks for.
func (q pageQuery) link() string {
	var b strings.Builder
	b.WriteByte('?')
	for _, name := range pageParameters {
		v := q.value(name)
		if v == "" {
			continue
		}
		if b.Len() > 1 {
			b.WriteByte('&')
		}
		b.WriteString(name + "=" + url.QueryEscape(v))
	}
	return b.String()
}

// value returns a parameter's, or "" if it is the default.
func (q pageQuery) value(name string) string {
	switch name {
	case "format":
		if q.json {
			return jsonFormat
		}
	case "q":
		return q.q
	case "target":
		return q.target
	case "policy":
		return q.policy
	case "state":
		return q.state
	case "sort":
		return q.sort
	case "dir":
		return q.dir
	case "page":
		if q.page > 1 {
			return strconv.Itoa(q.page)
		}
	case "per_page":
		if q.perPage != defaultPerPage {
			return strconv.Itoa(q.perPage)
		}
	}
	return ""
}

// toPage returns the query for another page of the same list.
func (q pageQuery) toPage(n int) pageQuery {
	q.page = n
	return q
}

// sorted returns the query for the list by another column, or for the same one
// the other way round.
func (q pageQuery) sorted(c column, now bool) pageQuery {
	dir := c.dir
	if now {
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

// direction returns in which direction the list is sorted.
func (q pageQuery) direction(c column) string {
	if q.dir != "" {
		return q.dir
	}
	return c.dir
}
