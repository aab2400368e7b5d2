package main

import (
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// The table stands between these lines of README.md.
const (
	begin = "<!-- figures: go run ./balancer/internal/perf/figures -write -->\n"
	end   = "<!-- end of figures -->\n"
)

type measuredRow struct {
	row
	now string
}

// machine says where and with what the benchmarks ran.
type machine struct {
	cpu       string
	cores     int
	goVersion string
	grpc      string
	date      time.Time
	count     int // of runs
}

func thisMachine(cpu string, count int) (machine, error) {
	grpc, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", "google.golang.org/grpc").Output()
	if err != nil {
		return machine{}, fmt.Errorf("find the version of grpc-go: %w", err)
	}
	return machine{
		cpu: cpu, cores: runtime.NumCPU(), goVersion: runtime.Version(), grpc: strings.TrimSpace(string(grpc)),
		date: time.Now(), count: count,
	}, nil
}

// renderTable returns the table in Markdown.
func renderTable(m machine, rows []measuredRow) string {
	var s strings.Builder
	fmt.Fprintf(&s, "Medians of %d runs on %s: %d cores of %s, %s, grpc-go %s.\n\n", m.count, m.date.Format(time.DateOnly), m.cores, m.cpu, m.goVersion, m.grpc)
	s.WriteString("| what | now | wanted, at most |\n|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&s, "| %s | %s | %s |\n", r.what, r.now, r.bound)
	}
	return s.String()
}

// replaceTable returns the text with another table.
func replaceTable(text, table string) (string, error) {
	before, rest, found := strings.Cut(text, begin)
	if !found {
		return "", errors.New("it has no line " + strings.TrimSpace(begin))
	}
	_, after, found := strings.Cut(rest, end)
	if !found {
		return "", errors.New("it has no line " + strings.TrimSpace(end))
	}
	return before + begin + "\n" + table + "\n" + end + after, nil
}
