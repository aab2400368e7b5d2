// Package oteloracle tests that package metrics exports gRPC's instruments exactly as
// gRPC's OpenTelemetry plugin does with OpenTelemetry's Prometheus exporter. It has
// only tests, and is a module of its own because of the dependencies of these.
//
//	go -C metrics/internal/oteloracle test
package oteloracle
