package scenario

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/codes"
)

// finish ends the load and compares what the client saw, what the backends
// answered and what the metrics say.
func (w *world) finish() error {
	w.load.stop()
	total, err := w.view()
	if err != nil {
		return err
	}
	results, errs := w.load.results()
	w.report.Totals = w.rows(View{}, total)
	w.report.Codes = results
	w.report.Failed = total.Failed

	ok, unavailable := results[codes.OK], results[codes.Unavailable]
	fmt.Fprintln(w.out, "\n--- what /metrics says ---")
	if err := printSeries(w.out, prometheus.DefaultGatherer, w.target, "grpc_lb_channels", "grpc_lb_rpcs_total"); err != nil {
		return err
	}
	fmt.Fprintf(w.out, "\n%d RPCs: %d OK, %d UNAVAILABLE\n", sum(results), ok, unavailable)
	var problems []error
	for code, n := range results {
		if code != codes.OK && code != codes.Unavailable {
			problems = append(problems, fmt.Errorf("%d RPCs failed with %v: %w", n, code, errs[code]))
		}
	}
	var refused int64
	for _, r := range w.report.Totals {
		refused += r.Refused
		problems = append(problems, r.check())
		if r.Refused > 0 && r.Name != w.backends[3].Name {
			problems = append(problems, fmt.Errorf("backend %s refused %d RPCs, and was not sick", r.Name, r.Refused))
		}
	}
	if int64(unavailable) != refused {
		problems = append(problems, fmt.Errorf("%d RPCs failed, of which backends refused %d: %w", unavailable, refused, errs[codes.Unavailable]))
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	fmt.Fprintln(w.out, "Every failure is an answer of b4 while it was sick. The metrics agree with the client and with each backend.")
	return nil
}

// check compares the series of a backend with what it answered.
func (r Row) check() error {
	if r.Picks != r.Repicks+r.Ended()+r.InFlight || r.InFlight != 0 {
		return fmt.Errorf("backend %s: %d picks, but %d repicks, %d RPCs and %d in flight", r.Name, r.Picks, r.Repicks, r.Ended(), r.InFlight)
	}
	if int64(r.OK) != r.Answered || int64(r.Unavailable) != r.Refused || r.OtherCodes != 0 {
		return fmt.Errorf("backend %s: metrics say %d OK, %d UNAVAILABLE and %d others, it answered %d and refused %d",
			r.Name, r.OK, r.Unavailable, r.OtherCodes, r.Answered, r.Refused)
	}
	if r.Timed != r.Ended() {
		return fmt.Errorf("backend %s: latency of %d RPCs measured, of %d", r.Name, r.Timed, r.Ended())
	}
	return nil
}

func sum(results map[codes.Code]int) int {
	var n int
	for _, m := range results {
		n += m
	}
	return n
}
