package promql_test

import "time"

// expression is a question to Prometheus whose right answer a play knows.
type expression struct {
	name  string
	expr  string
	label string             // that tells the values apart; "" for a single value
	truth func(truth) values // what is right

	// settles is how long after a change it may be wrong: 0 for a gauge.
	settles time.Duration

	// strict expressions are also right while things change, in one respect: where
	// nothing was to be seen for two windows, they show nothing.
	strict bool
}

// window is that of the rates below. One is right when all of its samples are
// later than the change.
const (
	window  = time.Minute
	settled = window + scrapeInterval
)

// expressions are asked at each scrape of each play. After a change here,
//
//	go -C metrics/internal/promql test -run Play -update
//
// rewrites the answers in testdata/plays. Where an answer is not right, the right
// one stands in brackets after it: read these.
var expressions = []expression{
	{
		name:    "picks/s",
		expr:    `sum(rate(grpc_lb_picks_total[1m]))`,
		truth:   func(t truth) values { return values{"": t.picks.sum()} },
		settles: settled,
		strict:  true,
	},
	{
		name: "share",
		expr: `sum by (grpc_lb_backend) (rate(grpc_lb_picks_total[1m]))
			/ on () group_left sum(rate(grpc_lb_picks_total[1m]))`,
		label:   "grpc_lb_backend",
		truth:   func(t truth) values { return t.picks.over(t.picks.sum()) },
		settles: settled,
		strict:  true,
	},
	{
		name:  "READY",
		expr:  `sum by (grpc_lb_backend) (grpc_lb_ready_subchannels)`,
		label: "grpc_lb_backend",
		truth: func(t truth) values { return t.ready },
	},
	{
		name:  "usable",
		expr:  `sum by (grpc_lb_backend) (grpc_lb_usable_subchannels)`,
		label: "grpc_lb_backend",
		truth: func(t truth) values { return t.usable },
	},
	{
		name: "errors",
		expr: `sum by (grpc_lb_backend) (rate(grpc_lb_rpc_attempts_failed_total[1m]))
			/ sum by (grpc_lb_backend) (rate(grpc_lb_picks_total[1m]))`,
		label:   "grpc_lb_backend",
		truth:   func(t truth) values { return t.failed.overEach(t.picks) },
		settles: settled,
		strict:  true,
	},
}

// values are numbers by the value of a label.
type values map[string]float64

func (v values) sum() (sum float64) {
	for _, n := range v {
		sum += n
	}
	return sum
}

// over returns each value divided by n.
func (v values) over(n float64) values {
	shares := make(values, len(v))
	for key, value := range v {
		shares[key] = value / n
	}
	return shares
}

// overEach returns each of the divisors' shares of v.
func (v values) overEach(divisors values) values {
	shares := make(values, len(divisors))
	for key, n := range divisors {
		shares[key] = v[key] / n
	}
	return shares
}
