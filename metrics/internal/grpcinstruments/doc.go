// Package grpcinstruments exports to Prometheus what policies record with gRPC's
// instruments (gRFC A79), under the names that gRPC's OpenTelemetry plugin and the
// Prometheus exporter of OpenTelemetry give it. It knows gRPC's registry of
// instruments and Prometheus, and nothing of package metrics.
//
// A [Set] is the chosen instruments with their series. It has a [Scope] for each
// instance of a policy. The recorder that [Scope.Tee] returns stands between the
// policy and gRPC's recorder, and passes everything on.
//
// # Cost
//
// The values of the labels come with each record, so a look-up is unavoidable. A
// scope finds a series that it has recorded to before without a lock or an
// allocation. The first record of a series, and each one above the limit, takes
// the lock of the Set.
//
// # Life of series
//
// A scope holds the series that it has recorded to until it is closed. A series
// that nobody holds stays for the retention. Values of asynchronous gauges are
// asked for in each scrape and leave nothing behind.
package grpcinstruments
