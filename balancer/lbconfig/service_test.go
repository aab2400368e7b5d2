package lbconfig_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/grpc-balancer2/balancer2/balancer/lbconfig"
)

// namesIn returns the names of the policies in a service config, in their order.
func namesIn(t *testing.T, serviceConfig string) []string {
	t.Helper()
	var parsed struct {
		LoadBalancingConfig []map[string]struct{} `json:"loadBalancingConfig"`
	}
	decoder := json.NewDecoder(strings.NewReader(serviceConfig))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&parsed); err != nil {
		t.Fatalf("parse %s: %v", serviceConfig, err)
	}
	var names []string
	for _, policy := range parsed.LoadBalancingConfig {
		if len(policy) != 1 {
			t.Errorf("%s: %d policies in one item, want 1", serviceConfig, len(policy))
		}
		for name := range policy {
			names = append(names, name)
		}
	}
	return names
}

func TestServiceConfigHoldsTheNamesInOrder(t *testing.T) {
	for _, names := range [][]string{
		{"round_robin2"},
		{"round_robin2", "round_robin"},
		{"z", "a", "m", "a"},
		{`with "quotes" and a \`, "line\nbreak", "<&>", "größer", ""},
	} {
		if got := namesIn(t, lbconfig.ServiceConfig(names[0], names[1:]...)); !slices.Equal(got, names) {
			t.Errorf("names %q, want %q", got, names)
		}
	}
}

func TestGRPCTakesTheServiceConfig(t *testing.T) {
	for _, test := range []struct{ config, wantErr string }{
		{config: lbconfig.ServiceConfig("pick_first")},
		{config: lbconfig.ServiceConfig(`not "registered"`, "pick_first")},
		{config: lbconfig.ServiceConfig(`not "registered"`), wantErr: "no supported policies found"},
	} {
		conn, err := grpc.NewClient("passthrough:///127.0.0.1:1",
			grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultServiceConfig(test.config))
		if err == nil {
			conn.Close()
		}
		if (err != nil) != (test.wantErr != "") || !strings.Contains(fmt.Sprint(err), test.wantErr) {
			t.Errorf("NewClient with %s: error %v, want %q", test.config, err, test.wantErr)
		}
	}
}

// One service config for all programs: those that do not import round_robin2 use
// round_robin.
func ExampleServiceConfig() {
	fmt.Println(lbconfig.ServiceConfig("round_robin2", "round_robin"))
	// Output: {"loadBalancingConfig":[{"round_robin2":{}},{"round_robin":{}}]}
}
