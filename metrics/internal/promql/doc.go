// Package promql has only tests. They test the Grafana dashboard and the Prometheus
// alerts in metrics/ops. It is its own module because it depends on Prometheus's query
// engine, which users of the metrics do not need. Its subpackage dashboard makes the
// dashboard.
//
// Plays, in testdata/plays, let clients and backends come and go, and compare what
// Prometheus shows with what happened: first with its engine, over a storage of this
// package, then with a server, if one is installed. The subpackage fleet measures what
// the metrics of many clients cost a server.
//
// Further plays have incidents, in testdata/incidents, and quiet days, in testdata/quiet.
// They evaluate the recording rules and the alerts as time passes: each alert must fire
// on its incident, and none on a quiet day.
//
// The dashboard and the alerts are outside of this module, so go test does not notice
// when they change. Run it with -count=1.
//
// The tests compare the queries with the collector itself: they take metrics and labels
// from its descriptions and from a scrape. So after a metric is renamed, they fail until
// no query has the old name.
package promql
