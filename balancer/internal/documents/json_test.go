package documents_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"google.golang.org/grpc"

	// These register policies that service configs in documents name.
	_ "google.golang.org/grpc/balancer/randomsubsetting"

	_ "github.com/grpc-balancer2/balancer2/examples/policies/consistenthash"
	_ "github.com/grpc-balancer2/balancer2/examples/policies/leader"
	_ "github.com/grpc-balancer2/balancer2/examples/policies/leastinflight"
	_ "github.com/grpc-balancer2/balancer2/examples/policies/peakewma"
	_ "github.com/grpc-balancer2/balancer2/examples/policies/priority"
	_ "github.com/grpc-balancer2/balancer2/examples/policies/singleconnection"
	_ "github.com/grpc-balancer2/balancer2/examples/policies/weightedroundrobin"
	_ "github.com/grpc-balancer2/balancer2/examples/policies/zoneaware"
)

// A block of a Markdown file, or the JSON that a doc comment has indented.
var (
	jsonBlock  = regexp.MustCompile("(?ms)^ *```json\n(.*?)^ *```$")
	docComment = regexp.MustCompile(`(?m)(?:^//\t.*\n)+`)
)

// serviceConfigs returns the service configs in all documents and doc comments, by their
// texts. The value is the name of the file.
func serviceConfigs(t *testing.T) map[string]string {
	t.Helper()
	found := make(map[string]string)
	for name, text := range filesOf(t, ".md") {
		for _, block := range jsonBlock.FindAllStringSubmatch(text, -1) {
			if strings.Contains(block[1], `"loadBalancingConfig"`) {
				found[block[1]] = name
			}
		}
	}
	for name, text := range filesOf(t, ".go") {
		for _, block := range docComment.FindAllString(text, -1) {
			if block = strings.ReplaceAll(block, "//\t", ""); strings.HasPrefix(block, `{"loadBalancingConfig"`) {
				found[block] = name
			}
		}
	}
	return found
}

// Readers copy them. Where the first policy is not registered here, gRPC takes the next.
func TestServiceConfigsInDocumentsAreAccepted(t *testing.T) {
	t.Parallel()
	all := serviceConfigs(t)
	for config, name := range all {
		if !json.Valid([]byte(config)) {
			t.Errorf("%s has a service config that is no JSON:\n%s", name, config)
			continue
		}
		conn, err := grpc.NewClient("dns:///echo.example.com:50051", grpc.WithTransportCredentials(creds), grpc.WithDefaultServiceConfig(config))
		if err != nil {
			t.Errorf("%s has a service config that gRPC does not accept: %v:\n%s", name, err, config)
			continue
		}
		_ = conn.Close()
	}
	if len(all) < 15 {
		t.Errorf("%d service configs, want at least 15: the test misses some", len(all))
	}
}
