// Package livepage renders the live page of package metrics, which shows targets,
// their policy instances and their backends, as HTML and as JSON.
//
//	page := livepage.New(func() livestatus.Snapshot { … })
//	http.Handle("/debug/lb", page)
//
// The package does not depend on the source of the numbers. The source lists the
// targets in a livestatus.Snapshot, and reads the status of each target that a
// request asks for. [github.com/grpc-balancer2/balancer2/metrics.Metrics.Handler]
// documents the page for its users.
//
// # From the request to the answer
//
//   - Package selection checks the parameters.
//   - The request waits while maxRendered others are being rendered (handler.go).
//   - Package selection reads the targets that the request asks for, and sorts and
//     cuts the list of their backends.
//   - These become JSON (json.go, json_*.go) or the values of page.html (view.go and
//     view_*.go). Package diagnosis says in a sentence what is wrong with a target, and
//     package wording writes numbers and texts.
//
// A user's mistake that is found in the first three steps is answered with 400,
// before anything is rendered.
//
// # Cost
//
// A target that is not selected costs a comparison of its name. The backends of a
// selected target are read once, and only as many as the answer shows are sorted and
// formatted. Later answers reuse the memory that grows with the number of backends:
// with 10,000 backends, an answer that shows 100 of them takes 20 to 30 ms of one
// core and allocates less than a megabyte. The quantiles of measured latencies, which
// package window computes, take some 20 ms more.
package livepage
