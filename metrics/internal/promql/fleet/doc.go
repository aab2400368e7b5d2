// Package fleet has only tests: of what the metrics of many clients cost a
// Prometheus server. The clients are a [metrics.Metrics] each, with policies on
// fake subchannels.
//
// The tests hold the number of series per client, backend and code, which
// metrics/ops/README.md tells, against what a client shows. The benchmark has a
// real Prometheus scrape 200 clients of 200 backends, in several variants. It
// takes half an hour and 4 GB. This rewrites the tables of metrics/ops/README.md:
//
//	go -C metrics/internal/promql test ./fleet -run Readme -bench . -benchtime 1x -timeout 2h -update
//
// [metrics.Metrics]: https://pkg.go.dev/github.com/grpc-balancer2/balancer2/metrics#Metrics
package fleet
