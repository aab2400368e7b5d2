// Package podchanges shows what happens to a gRPC client when the pods behind a
// headless service change, and how the metrics of round_robin2 show it.
package podchanges
