package metrics_test

import (
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// registering has the folders of grpc-go that register policies, and the names of
// these; none for what only tests register.
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

// Should grpc-go get another policy, or another name for one, this fails.
func TestInstrumentRegisteredKnowsAllPoliciesOfGRPC(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("the test was built elsewhere, there is no go command here: ", err)
	}
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "google.golang.org/grpc").Output()
	if err != nil {
		t.Fatal(err)
	}
	folders, code := registeringFolders(t, strings.TrimSpace(string(out)))
	if diff := cmp.Diff(slices.Sorted(maps.Keys(registering)), folders); diff != "" {
		t.Errorf("folders that register policies (-known +found):\n%s", diff)
	}
	var names []string
	for folder, name := range registering {
		if name == "" {
			continue
		}
		names = append(names, name)
		if !strings.Contains(code, `= "`+name+`"`) {
			t.Errorf("%s registers no policy of the name %q", folder, name)
		}
	}
	slices.Sort(names)
	if diff := cmp.Diff(names, metrics.GRPCPolicies); diff != "" {
		t.Errorf("names (-registered +known):\n%s", diff)
	}
}

// registeringFolders returns the folders that register policies, and all code.
func registeringFolders(t *testing.T, root string) (folders []string, code string) {
	t.Helper()
	var all strings.Builder
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(filepath.Join(root, path))
		all.Write(b)
		if strings.Contains(string(b), "balancer.Register(") {
			folders = append(folders, filepath.ToSlash(filepath.Dir(path)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(folders)
	return slices.Compact(folders), all.String()
}
