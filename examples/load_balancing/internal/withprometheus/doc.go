// Package withprometheus has tests only: they run the example's servers and its
// client as the programs that they are, have real Prometheus servers scrape the
// client while servers die and are replaced, and ask them in PromQL what their
// users would ask.
//
// They need prometheus and promtool on the PATH and are skipped without, or with
// -short, unless the environment variable REQUIRE_PROMETHEUS is set: then they
// fail.
package withprometheus
