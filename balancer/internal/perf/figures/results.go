package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// results has what benchmarks have printed.
type results struct {
	values map[string][]float64 // by the benchmark's name and the unit, see key
	cpu    string               // the processor
}

func key(benchmark, unit string) string { return benchmark + " " + unit }

// median returns the median of a benchmark's values with the unit.
func (r *results) median(benchmark, unit string) (float64, error) {
	all := slices.Clone(r.values[key(benchmark, unit)])
	if len(all) == 0 {
		return 0, fmt.Errorf("benchmark %s printed no %s", benchmark, unit)
	}
	slices.Sort(all)
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2, nil
}

// benchmarks says which benchmarks to run.
type benchmarks struct {
	dir   string // of the Go module, from the root; "" is the root
	pkg   string // from dir
	bench string // for -bench
	time  string // for -benchtime
}

// run runs the benchmarks, each count times.
func (b benchmarks) run(count int) (*results, error) {
	cmd := exec.Command("go", "test", b.pkg, "-run", "^$", "-bench", b.bench, "-benchtime", b.time, "-count", strconv.Itoa(count), "-timeout", "60m")
	cmd.Dir = b.dir
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return parse(bytes.NewReader(out))
}

// suffix is what go test adds to the name of a benchmark: GOMAXPROCS.
var suffix = regexp.MustCompile(`-\d+$`)

// parse reads what go test -bench prints.
func parse(out io.Reader) (*results, error) {
	r := &results{values: map[string][]float64{}}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if cpu, ok := strings.CutPrefix(lines.Text(), "cpu: "); ok {
			r.cpu = cpu
		}
		words := strings.Fields(lines.Text())
		if len(words) < 4 || !strings.HasPrefix(words[0], "Benchmark") {
			continue
		}
		if _, err := strconv.Atoi(words[1]); err != nil {
			continue // not the number of iterations: the line is something else
		}
		name := suffix.ReplaceAllString(strings.TrimPrefix(words[0], "Benchmark"), "")
		for i := 2; i+1 < len(words); i += 2 {
			v, err := strconv.ParseFloat(words[i], 64)
			if err != nil {
				return nil, fmt.Errorf("parse %q: %w", lines.Text(), err)
			}
			k := key(name, words[i+1])
			r.values[k] = append(r.values[k], v)
		}
	}
	return r, lines.Err()
}
