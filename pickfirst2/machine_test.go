package pickfirst2

import (
	"flag"
	"slices"
	"testing"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest/script"
)

var update = flag.Bool("update", false, "write the machine's effects into the scripts of testdata/machine")

// TestMachine has a script for each cell of the table in doc.go. A script has the
// machine's effects below each event.
func TestMachine(t *testing.T) {
	t.Parallel()
	for _, file := range script.Files(t, "testdata/machine") {
		t.Run(file.Name, func(t *testing.T) {
			t.Parallel()
			s := newScripted(t)
			var effects [][]string
			for _, e := range file.Events {
				effects = append(effects, s.do(e))
			}
			file.Check(t, effects, *update)
		})
	}
}

func TestErrorTellsOfTheLastThreeAddresses(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	s.doLine("update A B C D E")
	var got []string
	for _, addr := range []string{"A", "B", "C", "D", "E"} {
		s.doLine(addr + " CONNECTING")
		got = s.doLine(addr + " TRANSIENT_FAILURE")
	}
	want := []string{"report TRANSIENT_FAILURE (connect to 5 addresses: (2 more); C: C refused; D: D refused; E: E refused)"}
	if !slices.Equal(got, want) {
		t.Errorf("after the last failure:\n got %q\nwant %q", got, want)
	}
}
