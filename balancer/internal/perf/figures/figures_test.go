package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

const output = `goos: linux
goarch: amd64
pkg: example.com/x
cpu: Some Processor
BenchmarkPick/3/serial-2         	     100	        20.0 ns/grpc-go	        40.0 ns/ours	         2.0 ratio
BenchmarkPick/3/serial-2         	     100	        10.0 ns/grpc-go	        60.0 ns/ours	         6.0 ratio
BenchmarkPick/3/serial-2         	     100	        30.0 ns/grpc-go	        90.0 ns/ours	         3.0 ratio
BenchmarkEnds/bare-2             	     100	       100 ns/op	       8 B/op	       2 allocs/op
BenchmarkEnds/metered-2          	     100	       850 ns/op	      96 B/op	       3 allocs/op
BenchmarkSerial: callers 1, GOMAXPROCS 1
BenchmarkSerial-2                	       1	      1500 ours:added-ns/rpc	      6000 theirs:added-ns/rpc
PASS
ok  	example.com/x	1.0s
`

func TestMediansOfTheRunsAreRendered(t *testing.T) {
	t.Parallel()
	r, err := parse(strings.NewReader(output))
	if err != nil {
		t.Fatal(err)
	}
	var measured []measuredRow
	for _, now := range []func(*results) (string, error){
		ratio("Pick/3/serial"), beyond("Ends/metered", "Ends/bare"), addedRatio("Serial", "ours", "theirs"),
		values("%.3f s", scaled(1e3, "Ends/bare", "ns/op")),
	} {
		text, err := now(r)
		if err != nil {
			t.Fatal(err)
		}
		measured = append(measured, measuredRow{row{what: "x", bound: "y"}, text})
	}
	got := renderTable(machine{
		cpu: r.cpu, cores: 2, goVersion: "go1", grpc: "v1", count: 3,
		date: time.Date(2020, 1, 2, 0, 0, 0, 0, time.UTC),
	}, measured)
	want := `Medians of 3 runs on 2020-01-02: 2 cores of Some Processor, go1, grpc-go v1.

| what | now | wanted, at most |
|---|---|---|
| x | 3.00 (60 ns of 20 ns) | y |
| x | 0.75 µs; allocations: 1 | y |
| x | 0.25 (1.50 of 6.00 µs) | y |
| x | 0.100 s | y |
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestDurationsHaveTheirUnit(t *testing.T) {
	t.Parallel()
	for ns, want := range map[float64]string{
		0.5: "0.5 ns", 20.46: "20.5 ns", 999: "999 ns", 1000: "1 µs", 1.5e3: "1.5 µs", 8.224e6: "8.22 ms", 1.5e9: "1.5 s",
	} {
		if got := duration(ns); got != want {
			t.Errorf("%v ns is %q, want %q", ns, got, want)
		}
	}
}

func TestABenchmarkThatPrintedNothingIsNamed(t *testing.T) {
	t.Parallel()
	r, err := parse(strings.NewReader(output))
	if err != nil {
		t.Fatal(err)
	}
	for _, now := range []func(*results) (string, error){
		ratio("Gone"), beyond("Ends/metered", "Gone"), beyond("Gone", "Ends/bare"),
		addedRatio("Serial", "ours", "Gone"), addedRatio("Serial", "Gone", "theirs"),
	} {
		if text, err := now(r); err == nil || !strings.Contains(err.Error(), "Gone") {
			t.Errorf("got %q, %v; want an error that names Gone", text, err)
		}
	}
}

func TestOnlyTheTableIsReplaced(t *testing.T) {
	t.Parallel()
	got, err := replaceTable("before\n"+begin+"old\n"+end+"after\n", "new\n")
	if want := "before\n" + begin + "\nnew\n\n" + end + "after\n"; err != nil || got != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	for _, text := range []string{"", begin, end} {
		if got, err := replaceTable(text, "new\n"); err == nil {
			t.Errorf("%q became %q, want an error", text, got)
		}
	}
}

// Each row names a benchmark that exists, and README.md has each row.
func TestRowsNameBenchmarks(t *testing.T) {
	t.Parallel()
	root := "../../../.."
	readme, err := os.ReadFile(filepath.Join(root, readme))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		name, _, _ := strings.Cut(strings.TrimSuffix(r.bench, "$"), "/")
		files, err := filepath.Glob(filepath.Join(root, r.dir, r.pkg, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		declared := regexp.MustCompile(`(?m)^func Benchmark` + name + `\(`)
		found := false
		for _, f := range files {
			code, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			found = found || declared.Match(code)
		}
		if !found {
			t.Errorf("%s: no Benchmark%s in %s", r.what, name, filepath.Join(r.dir, r.pkg))
		}
		if !strings.Contains(string(readme), "\n| "+r.what+" | ") {
			t.Errorf("README.md has no row %q; write it with -write", r.what)
		}
	}
}
