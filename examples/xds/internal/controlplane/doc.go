// Package controlplane is an xDS control plane for clients in the same process. It
// has one service: a cluster of endpoints in localities.
//
// It has three resources: the listener of the service (LDS, with the route inside),
// the cluster with its policy and outlier detection (CDS), and the endpoints (EDS).
// Only the endpoints ever change.
package controlplane
