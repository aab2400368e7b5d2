package dashboard_test

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"github.com/grpc-balancer2/balancer2/metrics/internal/promql/dashboard"
)

var update = flag.Bool("update", false, "write the dashboard into metrics/ops")

const file = "../../../ops/dashboard.json"

func TestTheFileIsWhatTheTableSays(t *testing.T) {
	t.Parallel()
	want, err := dashboard.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(got, want) {
		return
	}
	gotLines, wantLines := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	line := 0
	for line < min(len(gotLines), len(wantLines))-1 && bytes.Equal(gotLines[line], wantLines[line]) {
		line++
	}
	t.Errorf("%s, line %d, is\n%s\nwant\n%s\nChange the table, not the file, and run go generate in the table's folder.",
		file, line+1, gotLines[line], wantLines[line])
}
