// Package livepage renders the live page of package metrics, which shows targets,
// their policy instances and their backends, as HTML and as JSON.
//
//	page := livepage.New(func() livepage.Snapshot { … })
//	http.Handle("/debug/lb", page)
//
// The package does not depend on the source of the numbers. The source lists the
// targets as a [Snapshot], and reads a [Status] for each target that a request asks
// for. [github.com/grpc-balancer2/balancer2/metrics.Metrics.Handler] documents the
// page for its users.
//
// # From the request to the answer
//
//   - parseQuery checks the parameters (query.go; parameters.go has their table).
//   - The request waits while maxRendered others are being rendered (handler.go).
//   - newPage selects targets by name, reads only these, sums up all their
//     backends, and selects the backends to show (page.go, select.go, sort.go).
//   - These become JSON (json.go) or the values of page.html (view.go and
//     view_*.go).
//
// A user's mistake that is found in the first three steps is answered with 400,
// before anything is rendered.
//
// # Cost
//
// A target that is not selected costs a comparison of its name. The backends of a
// selected target cost one allocation for all their [Backend] values. Texts are
// formatted only for backends that the answer shows.
package livepage
