package balancer_test

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// mayImport has the packages of the library, and those of this module that each
// may import: pickfirst2 ← base2 ← roundrobin2 ← balancer. metrics knows no
// policy, no policy knows metrics, and both are known only to balancer, which
// registers the policies.
var mayImport = map[string][]string{
	"balancer":                     {"metrics", "pickfirst2", "roundrobin2"},
	"balancer/balancertest":        nil,
	"balancer/balancertest/script": nil,
	"balancer/base2":               {"balancer/lbconfig", "pickfirst2"},
	"balancer/compose":             nil,
	"balancer/lbconfig":            nil,
	"certs":                        nil,
	"metrics": {
		"balancer/lbconfig", "metrics/internal/clock", "metrics/internal/events", "metrics/internal/grpcinstruments",
		"metrics/internal/grpcstatus", "metrics/internal/livepage", "metrics/internal/livestatus", "metrics/internal/record",
		"metrics/internal/waits",
	},
	"metrics/internal/clock":           nil,
	"metrics/internal/diagnosis":       {"metrics/internal/livestatus", "metrics/internal/wording"},
	"metrics/internal/events":          {"metrics/internal/clock", "metrics/internal/livestatus"},
	"metrics/internal/grpcinstruments": nil,
	"metrics/internal/grpcstatus":      nil,
	"metrics/internal/livepage": {
		"metrics/internal/diagnosis", "metrics/internal/grpcstatus", "metrics/internal/livestatus", "metrics/internal/reuse",
		"metrics/internal/selection", "metrics/internal/wording",
	},
	"metrics/internal/livestatus": {"metrics/internal/grpcstatus"},
	"metrics/internal/record": {
		"metrics/internal/clock", "metrics/internal/events", "metrics/internal/grpcstatus", "metrics/internal/latency",
		"metrics/internal/livestatus", "metrics/internal/reuse", "metrics/internal/series", "metrics/internal/waits",
		"metrics/internal/window",
	},
	"metrics/internal/latency": nil,
	"metrics/internal/reuse":   nil,
	"metrics/internal/selection": {
		"metrics/internal/diagnosis", "metrics/internal/grpcstatus", "metrics/internal/livestatus", "metrics/internal/reuse",
		"metrics/internal/wording",
	},
	"metrics/internal/series":  nil,
	"metrics/internal/waits":   {"metrics/internal/clock"},
	"metrics/internal/window":  {"metrics/internal/latency", "metrics/internal/livestatus", "metrics/internal/reuse"},
	"metrics/internal/wording": nil,
	"pickfirst2":               {"balancer/lbconfig"},
	"roundrobin2":              {"balancer/base2", "balancer/lbconfig"},
}

func TestImportsPointOneWay(t *testing.T) {
	t.Parallel()
	args := []string{"list", "-f", `{{.ImportPath}} {{join .Imports " "}}`}
	for pkg := range mayImport {
		args = append(args, modulePath+"/"+pkg)
	}
	lines := strings.Split(strings.TrimSpace(runGo(t, args...)), "\n")
	if len(lines) != len(mayImport) {
		t.Errorf("%d packages, want %d", len(lines), len(mayImport))
	}
	for _, line := range lines {
		pkg, imports, _ := strings.Cut(strings.TrimPrefix(line, modulePath+"/"), " ")
		for path := range strings.FieldsSeq(imports) {
			own, ok := strings.CutPrefix(path, modulePath+"/")
			if ok && !slices.Contains(mayImport[pkg], own) {
				t.Errorf("%s imports %s, want of this module at most %q", pkg, own, mayImport[pkg])
			}
		}
	}
}

// Readers find their way by the names of the folders.
func TestTheModuleHasNoOtherFolders(t *testing.T) {
	t.Parallel()
	want := []string{"balancer", "certs", "examples", "metrics", "pickfirst2", "roundrobin2"}
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && e.Name() != "bin" { // of go build, and ignored
			got = append(got, e.Name())
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("folders %q, want %q", got, want)
	}
}
