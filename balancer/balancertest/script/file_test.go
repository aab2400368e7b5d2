package script_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest/script"
)

const text = `# Two events.

update a:1
	report CONNECTING
	connect a:1

# It works.
a:1 READY
`

func write(t *testing.T, text string) (dir, path string) {
	t.Helper()
	dir = t.TempDir()
	path = filepath.Join(dir, "case.txt")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, path
}

// fatal returns the message of the Fatal call that ends f, or "" if there is none.
func fatal(f func(testing.TB)) string {
	r := &recorder{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(r)
	}()
	<-done
	return r.message
}

// recorder is a testing.TB that records the message of a Fatal call.
type recorder struct {
	testing.TB
	message string
}

func (r *recorder) Helper() {}

func (r *recorder) Fatalf(format string, args ...any) {
	r.message = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Fatal(args ...any) { r.Fatalf("%s", fmt.Sprint(args...)) }

func TestAFileHasEventsAndTheirResults(t *testing.T) {
	t.Parallel()
	dir, _ := write(t, text)
	files := script.Files(t, dir)
	if len(files) != 1 || files[0].Name != "case" || len(files[0].Events) != 2 {
		t.Fatalf("files: %+v", files)
	}
	files[0].Check(t, [][]string{{"report CONNECTING", "connect a:1"}, nil}, false)
	got := fatal(func(t testing.TB) {
		files[0].Check(t, [][]string{{"report CONNECTING", "connect a:1"}, {"report READY"}}, false)
	})
	if !strings.Contains(got, "a:1 READY") || !strings.Contains(got, "report READY") {
		t.Errorf("Check with another result: %q, want the event and the result", got)
	}
	if got := fatal(func(t testing.TB) { files[0].Check(t, [][]string{nil}, false) }); got == "" {
		t.Error("Check with results of one event of two does not fail")
	}
}

func TestUpdateWritesTheResultsAndKeepsTheRest(t *testing.T) {
	t.Parallel()
	dir, path := write(t, text)
	results := [][]string{{"report IDLE"}, {"report READY", "shut down b:1"}}
	script.Files(t, dir)[0].Check(t, results, true)
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(text, "\treport CONNECTING\n\tconnect a:1\n", "\treport IDLE\n", 1) + "\treport READY\n\tshut down b:1\n"
	if string(got) != want {
		t.Errorf("the file is\n%s\nwant\n%s", got, want)
	}
	script.Files(t, dir)[0].Check(t, results, false)
}

func TestFilesAreInTheOrderOfTheirNames(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"b.txt", "a.txt", "README.md"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("pick\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	for _, f := range script.Files(t, dir) {
		names = append(names, f.Name)
	}
	if !slices.Equal(names, []string{"a", "b"}) {
		t.Errorf("files %v, want a and b", names)
	}
}

func TestABadFileFailsTheTestAndSaysWhere(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                     "no events",
		"# only a comment\n":   "no events",
		"\n\ta result\npick\n": "case.txt:2: a result without an event",
		"pick\nwait long\n":    "case.txt:2",
	} {
		dir, _ := write(t, text)
		if got := fatal(func(t testing.TB) { script.Files(t, dir) }); !strings.Contains(got, want) {
			t.Errorf("Files with %q: %q, want %q", text, got, want)
		}
	}
	if got := fatal(func(tb testing.TB) { script.Files(tb, t.TempDir()) }); !strings.Contains(got, "no scripts") {
		t.Errorf("Files of an empty folder: %q", got)
	}
}
