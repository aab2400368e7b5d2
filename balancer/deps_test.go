package balancer_test

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// linked are the modules that this one links into a program: gRPC, Prometheus's
// client, and what these need.
var linked = []string{
	"github.com/beorn7/perks",
	"github.com/cespare/xxhash/v2",
	"github.com/munnerz/goautoneg",
	"github.com/prometheus/client_golang",
	"github.com/prometheus/client_model",
	"github.com/prometheus/common",
	"github.com/prometheus/procfs",

	"golang.org/x/net",
	"golang.org/x/sys",
	"golang.org/x/text",
	"google.golang.org/genproto/googleapis/rpc",
	"google.golang.org/grpc",
	"google.golang.org/protobuf",
}

// forTests are what go.mod requires only for tests.
var forTests = []string{"github.com/google/go-cmp", "github.com/kylelemons/godebug", "go.uber.org/goleak"}

const (
	modulePath = "github.com/grpc-balancer2/balancer2"
	remedy     = "move what needs it into a module of its own, as the examples are"
)

func TestProgramsGetNoOtherDependencies(t *testing.T) {
	t.Parallel()
	args := []string{"list", "-deps", "-f", "{{with .Module}}{{.Path}} {{$.ImportPath}}{{end}}"}
	for _, pkg := range []string{"balancer", "balancer/base2", "balancer/compose", "balancer/balancertest", "balancer/balancertest/script", "balancer/lbconfig", "metrics", "pickfirst2", "roundrobin2", "certs"} {
		args = append(args, modulePath+"/"+pkg)
	}
	lines := strings.Split(strings.TrimSpace(runGo(t, args...)), "\n")
	if len(lines) < 50 {
		t.Fatalf("only %d packages: %v", len(lines), lines)
	}
	for _, line := range lines {
		module, pkg, _ := strings.Cut(line, " ")
		if module != modulePath && !slices.Contains(linked, module) {
			t.Errorf("the library brings in %s: %s", pkg, remedy)
		}
	}
}

// What is built on them need not be metered, or is metered by other means.
func TestThePoliciesAndTheKitLinkNoPrometheus(t *testing.T) {
	t.Parallel()
	for _, pkg := range []string{"balancer/base2", "balancer/compose", "balancer/balancertest", "balancer/balancertest/script", "balancer/lbconfig", "pickfirst2", "roundrobin2"} {
		for path := range strings.FieldsSeq(runGo(t, "list", "-deps", modulePath+"/"+pkg)) {
			if strings.Contains(path, "prometheus") || strings.HasPrefix(path, modulePath+"/metrics") {
				t.Errorf("%s links %s", pkg, path)
			}
		}
	}
}

func TestTheModuleRequiresNothingHeavy(t *testing.T) {
	t.Parallel()
	var mod struct{ Require []struct{ Path string } }
	if err := json.Unmarshal([]byte(runGo(t, "mod", "edit", "-json", "../go.mod")), &mod); err != nil {
		t.Fatal(err)
	}
	if len(mod.Require) == 0 {
		t.Fatal("go.mod requires nothing")
	}
	for _, r := range mod.Require {
		if !slices.Contains(linked, r.Path) && !slices.Contains(forTests, r.Path) {
			t.Errorf("go.mod requires %s: %s", r.Path, remedy)
		}
	}
}

func runGo(t *testing.T, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("the test was built elsewhere, there is no go command here: ", err)
	}
	out, err := exec.CommandContext(t.Context(), "go", args...).Output()
	if err != nil {
		t.Fatalf("go %v: %v", args, err)
	}
	return string(out)
}
