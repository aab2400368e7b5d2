package fleet_test

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the tables of what a fleet costs into metrics/ops/README.md")

const readme = "../../../ops/README.md"

// holdReadme demands that the README has the text between the marks of the name.
// With -update it writes it there.
func holdReadme(tb testing.TB, name, want string) {
	tb.Helper()
	if got, _, _ := marked(tb, name); got == want {
		return
	} else if !*update {
		tb.Errorf("%s has between the marks of %q\n%s\nwant\n%s\nrun this test with -update", readme, name, got, want)
		return
	}
	writeReadme(tb, name, want)
}

func writeReadme(tb testing.TB, name, text string) {
	tb.Helper()
	_, before, after := marked(tb, name)
	if err := os.WriteFile(readme, []byte(before+text+after), 0o644); err != nil {
		tb.Fatal(err)
	}
}

// marked returns what the README has between the marks, before and after.
func marked(tb testing.TB, name string) (between, before, after string) {
	tb.Helper()
	text, err := os.ReadFile(readme)
	if err != nil {
		tb.Fatal(err)
	}
	begin, end := "<!-- begin "+name+" -->\n\n", "\n<!-- end "+name+" -->\n"
	before, rest, found := strings.Cut(string(text), begin)
	between, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		tb.Fatalf("%s has no lines %q and %q", readme, begin, end)
	}
	return between, before + begin, end + after
}
