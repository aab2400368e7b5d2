// Package selection answers a request for the live page with values: which targets and
// backends it asks for, and in which order.
//
//	q, err := selection.Parse(r.URL.RawQuery)
//	page, err := selection.New(ctx, q, snapshot)
//	defer page.Release()
//
// [Parse] checks the parameters (query.go; parameters.go has their table). [New] selects
// targets by name and reads only these (page.go). Package diagnosis judges their
// backends, of which it selects those that the query asks for (select.go, filter.go),
// sorts them (sort.go), and keeps those of one page (first.go).
package selection
