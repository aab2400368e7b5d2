package promql_test

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// clientSettings are those of a client process. In a script they are
//
//	rps=N         RPCs in each second
//	every=D       the time between these seconds, a second if it is left out
//	policy=NAME   pick_first2, round_robin2, or any other name for a policy of the plays
//	target=T      what it dials; dns:///shop:443 if it is left out
//	channels=N    how many of them, to T, T1, T2 and so on
//	idle=D        servers close its connections when they were unused for this long
//	latency=on    it measures latency
//	limit=N       of backends with series
//	targets=N     the limit of targets with series
//	retention=D   of series
type clientSettings struct {
	rps      int
	every    time.Duration
	policy   string
	target   string
	channels int
	idle     time.Duration
	options  []metrics.Option
}

func readClientSettings(settings []string) (c clientSettings, err error) {
	c = clientSettings{rps: 60, every: time.Second, policy: "round_robin2", target: "dns:///shop:443", channels: 1}
	for _, setting := range settings {
		key, text, _ := strings.Cut(setting, "=")
		n, _ := strconv.Atoi(text)
		d, _ := time.ParseDuration(text)
		switch {
		case key == "rps" && n > 0:
			c.rps = n
		case key == "every" && d > 0:
			c.every = d
		case key == "policy" && text != "":
			c.policy = text
		case key == "target" && text != "":
			c.target = text
		case key == "channels" && n > 0:
			c.channels = n
		case key == "idle" && d > 0:
			c.idle = d
		case setting == "latency=on":
			c.options = append(c.options, metrics.WithLatency())
		case key == "limit" && n > 0:
			c.options = append(c.options, metrics.WithMaxBackends(n))
		case key == "targets" && n > 0:
			c.options = append(c.options, metrics.WithMaxTargets(n))
		case key == "retention" && d > 0:
			c.options = append(c.options, metrics.WithRetention(d))
		default:
			return c, fmt.Errorf("there is no setting %q", setting)
		}
	}
	return c, nil
}
