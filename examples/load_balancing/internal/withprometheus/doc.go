// Package withprometheus has only tests. They run the example's servers and client
// as separate programs. Real Prometheus servers scrape the client while servers are
// killed and replaced. The tests query Prometheus in PromQL.
//
// The tests need prometheus and promtool on the PATH. Without them, or with -short,
// they are skipped. If the environment variable REQUIRE_PROMETHEUS is set, they fail
// instead.
package withprometheus
