// Package cluster simulates what a gRPC client sees of a headless service in Kubernetes.
// Pods come and go. Each has its own address, and all have the same port. A DNS server
// lists the pods that are ready.
package cluster
