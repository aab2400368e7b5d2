// Package promql has only tests: those of the Grafana dashboard and the
// Prometheus alerts in metrics/ops. It is a module of its own because of
// Prometheus's query engine, which is no business of a user of the metrics.
// The package dashboard below makes the dashboard.
//
// Plays, in testdata/plays, let clients and backends come and go, and hold what
// Prometheus then shows against what has happened: first its engine, over a
// storage of this package, then a server, if one is installed. The package fleet
// below measures what the metrics of many clients cost a server.
//
// The files are outside of this module, where go test does not see that they have
// changed: run it with -count=1.
//
// The queries are held against what the collector shows, not against a list:
// metrics and labels come from its descriptions and from a scrape. So a metric
// that is renamed fails here as long as a query has the old name.
package promql
