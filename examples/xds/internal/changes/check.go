package changes

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"google.golang.org/grpc/codes"

	"github.com/grpc-balancer2/balancer2/examples/internal/load"
	"github.com/grpc-balancer2/balancer2/examples/internal/series"
)

// finish ends the load. It checks that the client, the backends and the metrics
// counted the same, and that only the sick backend failed RPCs.
func (d *demo) finish() error {
	d.load.Stop()
	total, err := d.series()
	if err != nil {
		return err
	}
	rpcs := d.tally.Counts()
	d.report.Totals = d.rows(series.Policy{}, total)
	d.report.RPCs = rpcs
	d.report.PicksFailed = total.PicksFailed

	fmt.Fprintln(d.out, "\n--- what /metrics says ---")
	if err := printSeries(d.out, prometheus.DefaultGatherer, d.target, "grpc_lb_policy_instances", "grpc_lb_rpc_attempts_total"); err != nil {
		return err
	}
	fmt.Fprintf(d.out, "\n%d RPCs: %d OK, %d UNAVAILABLE\n", rpcs.Total(), rpcs.OK(), rpcs.Codes[codes.Unavailable])
	if err := errors.Join(d.checkFailures(rpcs), d.checkBackends()); err != nil {
		return err
	}
	fmt.Fprintln(d.out, "Every failure is an answer of b4 while it was sick. The metrics agree with the client and with each backend.")
	return nil
}

// checkFailures checks that a backend refused each RPC that failed.
func (d *demo) checkFailures(rpcs load.Counts) error {
	var problems []error
	for code, n := range rpcs.Codes {
		if code != codes.OK && code != codes.Unavailable {
			problems = append(problems, fmt.Errorf("%d RPCs failed with %v: %w", n, code, rpcs.Errs[code]))
		}
	}
	var refused int64
	for _, r := range d.report.Totals {
		refused += r.Refused
	}
	if unavailable := rpcs.Codes[codes.Unavailable]; int64(unavailable) != refused {
		problems = append(problems, fmt.Errorf("%d RPCs failed, of which backends refused %d: %w", unavailable, refused, rpcs.Errs[codes.Unavailable]))
	}
	return errors.Join(problems...)
}

// checkBackends checks the series of each backend, and that only b4 refused RPCs.
func (d *demo) checkBackends() error {
	var problems []error
	for _, r := range d.report.Totals {
		problems = append(problems, r.check())
		if r.Refused > 0 && r.Name != d.backends[3].Name {
			problems = append(problems, fmt.Errorf("backend %s refused %d RPCs, and was not sick", r.Name, r.Refused))
		}
	}
	return errors.Join(problems...)
}

// check compares the series of a backend with its own counts.
func (r Row) check() error {
	if !r.Consistent() || r.InFlight != 0 {
		return fmt.Errorf("backend %s: %d picks, but %d repicks, %d RPCs and %d in flight", r.Name, r.Picks, r.Repicks, r.Ended(), r.InFlight)
	}
	if int64(r.OK()) != r.Answered || int64(r.Unavailable()) != r.Refused || r.NotOK() != r.Unavailable() {
		return fmt.Errorf("backend %s: metrics say %d OK, %d UNAVAILABLE and %d others, it answered %d and refused %d",
			r.Name, r.OK(), r.Unavailable(), r.NotOK()-r.Unavailable(), r.Answered, r.Refused)
	}
	if r.Timed != r.Ended() {
		return fmt.Errorf("backend %s: latency of %d RPCs measured, of %d", r.Name, r.Timed, r.Ended())
	}
	return nil
}

// printSeries prints the target's series in the text format of /metrics.
func printSeries(out io.Writer, from prometheus.Gatherer, target string, names ...string) error {
	families, err := from.Gather()
	if err != nil {
		return fmt.Errorf("gather metrics: %w", err)
	}
	for _, family := range families {
		if !slices.Contains(names, family.GetName()) {
			continue
		}
		family.Metric = slices.DeleteFunc(family.Metric, func(m *dto.Metric) bool { return series.Label(m, "grpc_target") != target })
		if _, err := expfmt.MetricFamilyToText(out, family); err != nil {
			return fmt.Errorf("print %s: %w", family.GetName(), err)
		}
	}
	return nil
}
