// Package withprometheus has tests only. They run the example's servers and client
// as programs of their own. Real Prometheus servers scrape the client while servers
// are killed and replaced, and the tests query them in PromQL.
//
// The tests need prometheus and promtool on the PATH. Without them, or with -short,
// they are skipped. If the environment variable REQUIRE_PROMETHEUS is set, they fail
// instead.
package withprometheus
