// Package promql has only tests: those of the Grafana dashboard and the
// Prometheus alerts that package metrics comes with. It is a module of its own
// because of Prometheus's query engine, which is no business of a user of the
// metrics.
//
// The queries are held against what the collector shows, not against a list:
// metrics and labels come from its descriptions and from a scrape. So a metric
// that is renamed fails here as long as a query has the old name.
package promql
