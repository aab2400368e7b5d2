// Command figures measures what the policies and the metrics cost, and writes the table
// of README.md in the folder above. Run it in the root of the module, on a machine that
// does nothing else:
//
//	go run ./balancer/internal/perf/figures          # prints the table
//	go run ./balancer/internal/perf/figures -write   # puts it into README.md
//
// It runs the benchmarks that the rows name (rows.go), each -count times, and takes the
// medians. That takes about 20 minutes.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
)

const readme = "balancer/internal/perf/README.md"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "figures:", err)
		os.Exit(1)
	}
}

func run() error {
	count := flag.Int("count", 5, "how often each benchmark runs")
	only := flag.String("only", "", "measure only the rows whose text matches this `regexp`")
	write := flag.Bool("write", false, "put the table into "+readme)
	flag.Parse()
	wanted, err := regexp.Compile(*only)
	switch {
	case err != nil:
		return fmt.Errorf("parse -only: %w", err)
	case flag.NArg() > 0:
		return fmt.Errorf("unexpected argument %q", flag.Arg(0))
	case *count < 1:
		return fmt.Errorf("-count %d: want 1 or more", *count)
	case *write && *only != "":
		return errors.New("-write needs all rows: leave out -only")
	}
	before, err := os.ReadFile(readme)
	if err != nil {
		return fmt.Errorf("%w; run it in the root of the module", err)
	}
	table, err := measure(wanted, *count)
	if err != nil {
		return err
	}
	if !*write {
		fmt.Print(table)
		return nil
	}
	after, err := replaceTable(string(before), table)
	if err != nil {
		return fmt.Errorf("%s: %w", readme, err)
	}
	return os.WriteFile(readme, []byte(after), 0o644)
}

// measure runs the benchmarks of the rows whose text matches, and returns their table.
func measure(wanted *regexp.Regexp, count int) (string, error) {
	var measured []measuredRow
	cpu := ""
	runs := map[benchmarks]*results{} // several rows may be about the same
	for _, r := range rows {
		if !wanted.MatchString(r.what) {
			continue
		}
		fmt.Fprintln(os.Stderr, "figures:", r.what)
		if runs[r.benchmarks] == nil {
			results, err := r.run(count)
			if err != nil {
				return "", fmt.Errorf("%s: %w", r.what, err)
			}
			runs[r.benchmarks] = results
		}
		now, err := r.now(runs[r.benchmarks])
		if err != nil {
			return "", fmt.Errorf("%s: %w", r.what, err)
		}
		measured, cpu = append(measured, measuredRow{r, now}), runs[r.benchmarks].cpu
	}
	m, err := thisMachine(cpu, count)
	if err != nil {
		return "", err
	}
	return renderTable(m, measured), nil
}
