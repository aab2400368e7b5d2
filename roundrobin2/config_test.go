package roundrobin2_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/serviceconfig"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/metrics"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

func TestParseConfig(t *testing.T) {
	t.Parallel()
	parser := roundrobin2.NewBuilder().(balancer.ConfigParser)
	for _, config := range []string{`{}`, `null`, `""`, `{"fromTheFuture": 1}`} {
		if _, err := parser.ParseConfig(json.RawMessage(config)); err != nil {
			t.Errorf("ParseConfig(%s): %v", config, err)
		}
	}
	for _, config := range []string{`[]`, `"x"`, `{`, ``} {
		if _, err := parser.ParseConfig(json.RawMessage(config)); err == nil || !strings.HasPrefix(err.Error(), "round_robin2: parse config: ") {
			t.Errorf("ParseConfig(%s): %v, want an error that names the policy", config, err)
		}
	}
}

func TestParseConfigRefusesIntervalsThatAreNone(t *testing.T) {
	t.Parallel()
	parser := roundrobin2.NewBuilder().(balancer.ConfigParser)
	const form = `, want a duration in seconds, such as "30s" or "1.5s"`
	for config, want := range map[string]string{
		`{"resolveEvery": "0.999999999s"}`:   `field "resolveEvery" is "0.999999999s", want at least "1s"`,
		`{"resolveEvery": "0s"}`:             `field "resolveEvery" is "0s", want at least "1s"`,
		`{"resolveEvery": "-30s"}`:           `field "resolveEvery" is "-30s", want at least "1s"`,
		`{"resolveEvery": "1m"}`:             `field "resolveEvery" is a JSON string "1m"` + form,
		`{"resolveEvery": ""}`:               `field "resolveEvery" is a JSON string ""` + form,
		`{"resolveEvery": 30}`:               `field "resolveEvery" is a JSON number` + form,
		`{"resolveEvery": {"seconds": 30}}`:  `field "resolveEvery" is a JSON object` + form,
		`{"resolveEvery": "9999999999999s"}`: `field "resolveEvery" is a JSON string "9999999999999s"` + form,
	} {
		if cfg, err := parser.ParseConfig(json.RawMessage(config)); cfg != nil || fmt.Sprint(err) != "round_robin2: parse config: "+want {
			t.Errorf("ParseConfig(%s): %v, %v, want an error with %s", config, cfg, err, want)
		}
	}
	for _, config := range []string{`{"resolveEvery": "1s"}`, `{"resolveEvery": "9223372036.854775807s"}`} {
		if _, err := parser.ParseConfig(json.RawMessage(config)); err != nil {
			t.Errorf("ParseConfig(%s): %v", config, err)
		}
	}
}

// Some parents marshal a config and parse the result.
func TestTheConfigSurvivesBeingMarshaled(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]balancer.Builder{
		"bare":    roundrobin2.NewBuilder(),
		"metered": metrics.New().Instrument(roundrobin2.NewBuilder()),
	} {
		synctest.Test(t, func(t *testing.T) {
			cfg, err := b.(balancer.ConfigParser).ParseConfig(json.RawMessage(`{"resolveEvery": "1.50s", "balancer2Metrics": {"latency": true}}`))
			if err != nil {
				t.Fatal(err)
			}
			js, err := json.Marshal(cfg)
			if err != nil {
				t.Fatal(err)
			}
			calls, p := askAlone(t, b, string(js))
			time.Sleep(time.Minute)
			synctest.Wait()
			p.Close()
			if n := len(calls.at); n < 35 || n > 40 {
				t.Errorf("%s: with the config %s the resolver was asked %d times in a minute, want about 38", name, js, n)
			}
		})
	}
}

// Parents pass configs of their own on to grpc-go's round_robin, which ignores them.
func TestAConfigOfAnotherTypeCountsAsNone(t *testing.T) {
	t.Parallel()
	asked(t, func(t *testing.T, cc *balancertest.ClientConn, p *balancertest.Policy) {
		update(t, p, every30s)
		s := balancer.ClientConnState{ResolverState: balancertest.ResolverState(balancertest.Endpoints("a:1")...), BalancerConfig: struct {
			serviceconfig.LoadBalancingConfig
		}{}}
		if err := p.UpdateClientConnState(s); err != nil {
			t.Errorf("update: %v", err)
		}
		wantCalls(t, cc, time.Hour, 0, 0)
	})
}

func ExampleNewBuilder_resolveEvery() {
	parser := roundrobin2.NewBuilder().(balancer.ConfigParser)
	for _, config := range []string{`{"resolveEvery": "60s"}`, `{"resolveEvery": "0.5s"}`} {
		_, err := parser.ParseConfig(json.RawMessage(config))
		fmt.Println(err)
	}
	// Output:
	// <nil>
	// round_robin2: parse config: field "resolveEvery" is "0.5s", want at least "1s"
}
