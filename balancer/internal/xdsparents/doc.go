// Package xdsparents has only tests. They run the policies under parents that come
// with gRPC's xDS: outlier detection and priority. It is its own module, so that
// users of the policies do not get the dependencies of xDS.
//
//	go -C balancer/internal/xdsparents test
package xdsparents
