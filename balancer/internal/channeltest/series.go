package channeltest

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// Series returns the series of the channel's policy. Each key is the metric's name,
// followed by the values of all labels but target and policy, sorted by the labels'
// names:
//
//	grpc_lb_rpc_attempts_total 127.0.0.1:50051 OK
func (c *Client) Series() map[string]float64 {
	c.t.Helper()
	families, err := prometheus.DefaultGatherer.Gather()
	if err != nil {
		c.t.Fatalf("gather metrics: %v", err)
	}
	return c.SeriesIn(families)
}

// SeriesIn is Series for metric families that the caller has gathered.
func (c *Client) SeriesIn(families []*dto.MetricFamily) map[string]float64 {
	series := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if key, ok := c.seriesKey(f.GetName(), m); ok {
				series[key] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	return series
}

func (c *Client) seriesKey(name string, m *dto.Metric) (key string, ofChannel bool) {
	key = name
	matched := 0
	for _, l := range m.GetLabel() {
		switch {
		case l.GetName() == "grpc_target" && l.GetValue() == c.target, l.GetName() == "grpc_lb_policy" && l.GetValue() == c.policy:
			matched++
		default:
			key += " " + l.GetValue()
		}
	}
	return key, matched == 2
}

// Value returns the value of a series, or 0 if the series does not exist.
func (c *Client) Value(key string) float64 {
	c.t.Helper()
	return c.Series()[key]
}

// Await waits until a series has the value. A series that does not exist has the
// value 0.
func (c *Client) Await(ctx context.Context, key string, want float64) {
	c.t.Helper()
	c.awaitValue(ctx, key, want, func(got float64) bool { return got == want })
}

// AwaitAtLeast waits until the value of a series is want or more.
func (c *Client) AwaitAtLeast(ctx context.Context, key string, want float64) {
	c.t.Helper()
	c.awaitValue(ctx, key, want, func(got float64) bool { return got >= want })
}

func (c *Client) awaitValue(ctx context.Context, key string, want float64, enough func(float64) bool) {
	c.t.Helper()
	var got float64
	if !Poll(ctx, func() bool { got = c.Value(key); return enough(got) }) {
		c.t.Fatalf("%s = %v, want %v", key, got, want)
	}
}

// CheckPicksAddUp fails the test unless, for each server, picks = repicks + RPCs
// ended, and no RPC is in flight. It returns the sums over the servers.
func (c *Client) CheckPicksAddUp(addrs ...string) (picks, rpcs float64) {
	c.t.Helper()
	s := c.Series()
	for _, addr := range addrs {
		ended := s["grpc_lb_rpc_attempts_total "+addr+" OK"] + s["grpc_lb_rpc_attempts_failed_total "+addr]
		p, r, inFlight := s["grpc_lb_picks_total "+addr], s["grpc_lb_repicks_total "+addr], s["grpc_lb_rpc_attempts_in_flight "+addr]
		if p != r+ended || inFlight != 0 {
			c.t.Errorf("%s: %v picks, %v repicks, %v RPCs ended, %v in flight", addr, p, r, ended, inFlight)
		}
		picks, rpcs = picks+p, rpcs+ended
	}
	return picks, rpcs
}
