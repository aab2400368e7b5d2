package script

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// File is a script with the results of its events.
type File struct {
	Name   string // of the file, without folder and extension
	Events []Event

	path  string
	lines []string   // comments and events, without the results
	event []int      // for each line, the index of its event; -1 for a comment
	want  [][]string // for each event, its results
}

// Files returns the scripts in the files *.txt of a folder, sorted by name. It
// fails the test if there is none, or if it cannot read or parse one.
func Files(t testing.TB, dir string) []*File {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("script: no scripts in %s: %v", dir, err)
	}
	var files []*File
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatalf("script: %v", err)
		}
		f, err := parseFile(path, string(text))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

func parseFile(path, text string) (*File, error) {
	f := &File{Name: strings.TrimSuffix(filepath.Base(path), ".txt"), path: path}
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimRight(line, " \t\r\n")
		switch {
		case line == "" || line[0] == '#':
			f.lines, f.event = append(f.lines, line), append(f.event, -1)
		case line[0] == ' ' || line[0] == '\t':
			if len(f.Events) == 0 {
				return nil, fmt.Errorf("script: %s:%d: a result without an event", path, n)
			}
			last := len(f.want) - 1
			f.want[last] = append(f.want[last], strings.TrimSpace(line))
		default:
			e, err := Parse(line)
			if err != nil {
				return nil, fmt.Errorf("%w (%s:%d)", err, path, n)
			}
			f.lines, f.event = append(f.lines, line), append(f.event, len(f.Events))
			f.Events, f.want = append(f.Events, e), append(f.want, nil)
		}
	}
	if len(f.Events) == 0 {
		return nil, fmt.Errorf("script: %s: no events", path)
	}
	return f, nil
}

// Check fails the test unless results, one list per event, are those in the file.
// With update it writes them to the file instead.
func (f *File) Check(t testing.TB, results [][]string, update bool) {
	t.Helper()
	if len(results) != len(f.Events) {
		t.Fatalf("%s: results of %d events, want %d", f.path, len(results), len(f.Events))
	}
	if update {
		if err := os.WriteFile(f.path, []byte(f.format(results)), 0o644); err != nil { //nolint:gosec // a file of the source tree
			t.Fatalf("script: %v", err)
		}
		return
	}
	for i, got := range results {
		if want := f.want[i]; !slices.Equal(got, want) {
			t.Fatalf("%s: after %q:\n\t%s\nwant\n\t%s", f.path, f.Events[i], strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
		}
	}
}

func (f *File) format(results [][]string) string {
	var text strings.Builder
	for i, line := range f.lines {
		text.WriteString(line + "\n")
		if event := f.event[i]; event >= 0 {
			for _, result := range results[event] {
				text.WriteString("\t" + result + "\n")
			}
		}
	}
	return text.String()
}
