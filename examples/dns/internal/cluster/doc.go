// Package cluster simulates what a gRPC client sees of a Kubernetes cluster with a
// headless service: pods that come and go, each with its own address and all with
// the same port, and a DNS server that lists those that are ready.
package cluster
