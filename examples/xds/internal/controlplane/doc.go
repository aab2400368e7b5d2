// Package controlplane is an xDS control plane in the process of its client. It
// describes one service, a cluster of endpoints in localities, and sends a new
// list of endpoints whenever it is given one.
//
// It answers with three kinds of resource: the listener of the service (LDS,
// with the route inside), the cluster with its policy and outlier detection
// (CDS), and the endpoints (EDS). Only the last ever changes.
package controlplane
