// Package livepage renders the live page of package metrics: its targets, the
// policy instances that work for them, and their backends, as HTML and as JSON.
//
//	page := livepage.New(func() livepage.Snapshot { … })
//	http.Handle("/debug/lb", page)
//
// It knows nothing of where the numbers come from. Its source lists the targets,
// as a [Snapshot], and reads a [Status] of each target that the reader asked for.
// [github.com/grpc-balancer2/balancer2/metrics.Metrics.Handler] documents the
// page for its readers.
//
// # From the request to the answer
//
//   - parseQuery checks the parameters (query.go; parameters.go has their table).
//   - The request waits until fewer than maxRendered others are rendered
//     (handler.go).
//   - newPage selects targets by name, reads those only, sums up all their
//     backends, and selects those to show (page.go, select.go, sort.go).
//   - The selected ones become JSON (json.go) or the values of page.html
//     (view.go and view_*.go).
//
// An error of the first three steps that is the reader's mistake is answered
// with 400. Nothing has been rendered then.
//
// # Cost
//
// A target that is not selected costs the look at its name. A backend of a
// selected target costs a [Backend], in one allocation with the others; texts
// are made of those only that the answer shows.
package livepage
