// Package scenario plays what happens to a gRPC client when the pods behind a
// headless service change, and tells it by the metrics of round_robin2.
package scenario
