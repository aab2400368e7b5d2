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
	for _, bad := range t.options.brokenConfigs() {
		if cfg, err := parser.ParseConfig(json.RawMessage(bad)); err == nil && cfg != nil {
			t.tb.Errorf("ParseConfig returned a config, %v, for %s; return an error for input that is not a JSON object", cfg, bad)
		}
	}
	for _, good := range []string{t.options.config, t.options.laterConfig()} {
		_, err := parser.ParseConfig(json.RawMessage(good))
		switch {
		case err == nil:
		case good == t.options.config && good != emptyConfig:
			t.tb.Fatalf("ParseConfig refused %s: %v; accept it, or correct ConfigFields", good, err)
		default:
			t.tb.Errorf("ParseConfig refused %s: %v; accept it: one service config serves clients of many versions", good, err)
		}
	}
}
