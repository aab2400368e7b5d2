// Package cluster is what a Kubernetes cluster is to a gRPC client of a headless
// service: pods that come and go, each with an address of its own and all with
// the same port, and a DNS server that knows which of them are ready.
package cluster
