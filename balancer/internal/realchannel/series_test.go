package realchannel_test

import (
	"context"
	"regexp"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/grpc-balancer2/balancer2/metrics"
)

var fqName = regexp.MustCompile(`fqName: "([^"]*)"`)

// value gets one of the test's series, by a key as scrape has it. It looks at
// no other family: metrics.Default also has what all tests before have left.
func (c *client) value(key string) float64 {
	c.t.Helper()
	family, _, _ := strings.Cut(key, " ")
	all := make(chan prometheus.Metric, 1024)
	go func() {
		defer close(all)
		metrics.Default.Collect(all)
	}()
	wanted := map[*prometheus.Desc]bool{}
	sum := 0.0
	for m := range all {
		is, known := wanted[m.Desc()]
		if !known {
			is = fqName.FindStringSubmatch(m.Desc().String())[1] == family
			wanted[m.Desc()] = is
		}
		if !is {
			continue
		}
		var out dto.Metric
		if err := m.Write(&out); err != nil {
			c.t.Errorf("read %s: %v", key, err)
		}
		if k, own := c.seriesKey(family, &out); own && k == key {
			sum += out.GetCounter().GetValue() + out.GetGauge().GetValue()
		}
	}
	return sum
}

// await waits until a series, counted up from 0, has reached a value.
func (c *client) await(ctx context.Context, key string, atLeast float64) {
	c.t.Helper()
	for c.value(key) < atLeast {
		if ctx.Err() != nil {
			c.t.Fatalf("%s = %v, want %v", key, c.value(key), atLeast)
		}
	}
}

// awaitNone waits until a series is 0.
func (c *client) awaitNone(ctx context.Context, key string) {
	c.t.Helper()
	for c.value(key) != 0 {
		if ctx.Err() != nil {
			c.t.Fatalf("%s = %v, want 0", key, c.value(key))
		}
	}
}
