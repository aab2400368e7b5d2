package balancertest

import (
	"encoding/json"

	"google.golang.org/grpc/balancer"
)

// checkConfig parses good and bad configs. A parser may return nil for any input,
// which says that its policy takes no config. The builder of a metered policy
// without a parser does so.
func checkConfig(t *trial) {
	t.tb.Helper()
	parser, ok := t.builder.(balancer.ConfigParser)
	if !ok {
		return // gRPC ignores its config, too
	}
	for _, bad := range []string{`{`, `[]`} {
		if cfg, err := parser.ParseConfig(json.RawMessage(bad)); err == nil && cfg != nil {
			t.tb.Errorf("ParseConfig returned a config, %v, for %s; return an error for input that is not a JSON object", cfg, bad)
		}
	}
	for _, good := range []string{emptyConfig, `{"a field of a later version": {"of": ["any", "kind"]}}`} {
		if _, err := parser.ParseConfig(json.RawMessage(good)); err != nil {
			t.tb.Errorf("ParseConfig refused %s: %v; accept it: one service config serves clients of many versions", good, err)
		}
	}
}
