// Package oteloracle has only tests: that gRPC's instruments, as package metrics
// exports them, are those of gRPC's OpenTelemetry plugin with OpenTelemetry's
// Prometheus exporter, to the letter. It is a module of its own because of their
// dependencies.
//
//	go -C metrics/internal/oteloracle test
package oteloracle
