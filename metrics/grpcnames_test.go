package metrics_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/grpc-balancer2/balancer2/metrics/internal/record"
)

// instrumentName matches how gRPC's source names an instrument.
var instrumentName = regexp.MustCompile(`\bName: +"(grpc\.[a-z0-9_.]+)"`)

// instrumentsOfGRPC returns the names of all instruments in the source of grpc-go.
func instrumentsOfGRPC(t *testing.T) []string {
	t.Helper()
	var names []string
	eachFileOfGRPC(t, func(_ string, content []byte) {
		for _, found := range instrumentName.FindAllSubmatch(content, -1) {
			names = append(names, string(found[1]))
		}
	})
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) < 30 || !slices.Contains(names, "grpc.client.attempt.started") || !slices.Contains(names, "grpc.lb.wrr.rr_fallback") {
		t.Fatalf("the source of grpc-go names the instruments %q, too few to be all", names)
	}
	return names
}

// family is a name of a metric without what Prometheus adds for its type and unit.
func family(name string) string {
	for _, suffix := range []string{"_total", "_seconds", "_bytes", "_ratio"} {
		name = strings.TrimSuffix(name, suffix)
	}
	return name
}

// A metric of gRPC's with the same name and another type would break whole scrapes.
func TestNoMetricHasTheNameOfAnInstrumentOfGRPC(t *testing.T) {
	t.Parallel()
	taken := make(map[string]string)
	for _, name := range instrumentsOfGRPC(t) {
		taken[family(strings.ReplaceAll(name, ".", "_"))] = name
	}
	for _, d := range slices.Concat(record.NewCatalog(nil).Rows()) {
		if instrument, ok := taken[family(d.Name)]; ok {
			t.Errorf("%s has the name of gRPC's %s", d.Name, instrument)
		}
	}
}

// The reference compares the metrics with gRPC's own. It must name those that exist.
func TestReadmeComparesWithInstrumentsThatExist(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(b), "## Beside gRPC's own metrics\n")
	section, _, ended := strings.Cut(section, "\n## ")
	if !found || !ended {
		t.Fatalf("%s has no section on gRPC's own metrics", readme)
	}
	known := append(instrumentsOfGRPC(t), "grpc.client.attempt.delay.duration", "grpc.delay_type") // of gRFC A121, which gRPC does not have yet
	named := regexp.MustCompile("`(grpc\\.[a-z0-9_.]+)`").FindAllStringSubmatch(section, -1)
	if len(named) < 8 {
		t.Errorf("%d instruments named, too few for the test to mean anything", len(named))
	}
	for _, n := range named {
		if !slices.Contains(known, n[1]) && !slices.Contains([]string{"grpc.target", "grpc.status", "grpc.disconnect_error"}, n[1]) {
			t.Errorf("%s names %s, which gRPC does not have", readme, n[1])
		}
	}
}
