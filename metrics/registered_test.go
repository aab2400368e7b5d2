package metrics_test

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// registering has the folders of grpc-go that register policies, with the names of the
// policies. Those that only tests use have no name.
var registering = map[string]string{
	"balancer/autosharding":                  "autosharding_experimental",
	"balancer/grpclb":                        "grpclb",
	"balancer/leastrequest":                  "least_request_experimental",
	"balancer/pickfirst":                     "pick_first",
	"balancer/randomsubsetting":              "random_subsetting_experimental",
	"balancer/ringhash":                      "ring_hash_experimental",
	"balancer/rls":                           "rls_experimental",
	"balancer/roundrobin":                    "round_robin",
	"balancer/weightedroundrobin":            "weighted_round_robin",
	"balancer/weightedtarget":                "weighted_target_experimental",
	"internal/xds/balancer/cdsbalancer":      "cds_experimental",
	"internal/xds/balancer/clusterimpl":      "xds_cluster_impl_experimental",
	"internal/xds/balancer/clustermanager":   "xds_cluster_manager_experimental",
	"internal/xds/balancer/outlierdetection": "outlier_detection_experimental",
	"internal/xds/balancer/priority":         "priority_experimental",
	"internal/xds/balancer/wrrlocality":      "xds_wrr_locality_experimental",

	"balancer/rls/internal/test/e2e": "",
	"internal/balancer/stub":         "",
	"interop":                        "",
}

// since has the folders that not every supported grpc-go has, with the release that
// brought each: 85 is v1.85.0.
var since = map[string]int{"balancer/autosharding": 85}

// It fails if a later grpc-go has another policy, or another name for one.
func TestInstrumentRegisteredKnowsAllPoliciesOfGRPC(t *testing.T) {
	t.Parallel()
	var release int
	if _, err := fmt.Sscanf(grpc.Version, "1.%d.", &release); err != nil {
		t.Fatalf("parse the version of grpc-go, %s: %v", grpc.Version, err)
	}
	folders, code := registeringFolders(t)
	var known, names []string
	for folder, name := range registering {
		if name != "" {
			names = append(names, name)
		}
		if since[folder] > release {
			continue
		}
		known = append(known, folder)
		if name != "" && !strings.Contains(code, `= "`+name+`"`) {
			t.Errorf("%s registers no policy of the name %q", folder, name)
		}
	}
	slices.Sort(known)
	if diff := cmp.Diff(known, folders); diff != "" {
		t.Errorf("folders of grpc-go %s that register policies (-known +found):\n%s", grpc.Version, diff)
	}
	slices.Sort(names)
	if diff := cmp.Diff(names, metrics.GRPCPolicies); diff != "" {
		t.Errorf("names (-registered +known):\n%s", diff)
	}
}

// registeringFolders returns the folders of grpc-go that register policies, and all of
// its code.
func registeringFolders(t *testing.T) (folders []string, code string) {
	t.Helper()
	var all strings.Builder
	eachFileOfGRPC(t, func(name string, content []byte) {
		all.Write(content)
		if bytes.Contains(content, []byte("balancer.Register(")) {
			folders = append(folders, path.Dir(name))
		}
	})
	slices.Sort(folders)
	return slices.Compact(folders), all.String()
}
