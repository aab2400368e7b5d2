// Package grpcinstruments exports gRPC's instruments (gRFC A79) to Prometheus, under
// the names that they have with gRPC's OpenTelemetry plugin and OpenTelemetry's
// Prometheus exporter. It does not depend on package metrics.
//
// A [Set] holds the chosen instruments with their series. It has a [Scope] for each
// instance of a policy. The recorder that [Scope.Tee] returns stands between the
// policy and gRPC's recorder, and passes everything on.
//
// # Cost
//
// Each record names its label values, so it needs a look-up. A scope finds a series
// that it has recorded to before without a lock or an allocation. The first record of
// a series, and each record above the limit, takes the lock of the Set.
//
// # Life of series
//
// A scope holds the series that it has recorded to until it is closed. A series
// that nobody holds stays for the retention. Each scrape asks
// for the values of asynchronous gauges and keeps none of them.
package grpcinstruments
