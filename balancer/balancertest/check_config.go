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

// checkMarshal does with a config what parents such as random_subsetting_experimental and
// xds_wrr_locality_experimental do with the config of a child: it marshals what the
// parser returned, and has the result parsed. A parser that refuses the config fails
// another demand.
func checkMarshal(t *trial) {
	t.tb.Helper()
	parser, ok := t.builder.(balancer.ConfigParser)
	if !ok {
		return // parents know that it takes no config
	}
	cfg, err := parser.ParseConfig(json.RawMessage(t.options.config))
	if err != nil {
		return
	}
	const remedy = "parents marshal the config of a child, so have it become what ParseConfig parses: with json tags, or a method MarshalJSON"
	first, err := json.Marshal(cfg)
	if err != nil {
		t.tb.Fatalf("the config parsed from %s cannot be marshaled: %v; %s", t.options.config, err, remedy)
	}
	again, err := parser.ParseConfig(first)
	if err != nil {
		t.tb.Fatalf("the config parsed from %s becomes %s when it is marshaled, which ParseConfig refuses: %v; %s", t.options.config, first, err, remedy)
	}
	second, err := json.Marshal(again)
	if err != nil || string(second) != string(first) {
		t.tb.Errorf("the config parsed from %s becomes %s when it is marshaled, and that, parsed, becomes %s, error %v; %s", t.options.config, first, second, err, remedy)
	}
}
