package balancertest

import (
	"encoding/json"

	"google.golang.org/grpc/balancer"
)

// checkConfig parses configs. A parser may return nil for whatever it is given,
// and thereby say that its policy takes no config: for metered policies without
// a parser of their own that is so.
func checkConfig(t *trial) {
	t.tb.Helper()
	parser, ok := t.builder.(balancer.ConfigParser)
	if !ok {
		return // gRPC does not look at its config, either
	}
	for _, bad := range []string{`{`, `[]`} {
		if cfg, err := parser.ParseConfig(json.RawMessage(bad)); err == nil && cfg != nil {
			t.tb.Errorf("ParseConfig made a config, %v, of %s; return an error for what is not a JSON object", cfg, bad)
		}
	}
	for _, good := range []string{emptyConfig, `{"a field of a later version": {"of": ["any", "kind"]}}`} {
		if _, err := parser.ParseConfig(json.RawMessage(good)); err != nil {
			t.tb.Errorf("ParseConfig refused %s: %v; one service config goes to clients of different versions", good, err)
		}
	}
}
