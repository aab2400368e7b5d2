// Package incidents plays incidents with real servers on loopback ports, and checks
// what a viewer of the live page is told meanwhile.
//
//	go test ./balancer/internal/incidents -v
//
// An [Incident] is a name, what happens, and what the page's JSON must then show.
// [Play] sets a [Stage] with some servers, a channel to them under load and a viewer,
// waits until the page says that all is well, makes the incident happen, and looks at
// the page every half second until it shows what it must. The log says how long that
// took.
//
// The tests do not depend on a fast machine:
//
//   - What the page must show may come late. What it must not get wrong, however late
//     it is, are the times: since when a backend is down and when an event happened.
//     They are compared with the time at which the test made it happen.
//   - Rates, shares, errors and latencies are compared with what the channel's own
//     stats handler counted in the same window, not with a rate that was planned.
//     When a window of the page begins and ends is known up to the time that the
//     request for the page took, so a slow machine makes the bounds wider.
//
// Ejected endpoints are in internal/xdsparents, since outlier detection comes with
// gRPC's xDS.
package incidents
