package program

import (
	"flag"
	"strings"
	"testing"
	"time"
)

var example = Program{Name: "example", Summary: "Shows something.", Command: "go -C examples/example run ."}

// parseTest parses the arguments of a program with two flags.
func parseTest(args ...string) (status int, ended bool, stdout, stderr string) {
	var out, errs strings.Builder
	set := flag.NewFlagSet("/root/.cache/go-build/ab/cd/example", flag.ExitOnError)
	set.Int("n", 10, "`number` of RPCs")
	set.Duration("age", time.Second, "how long connections last")
	status, ended = example.parse(set, args, &out, &errs)
	return status, ended, out.String(), errs.String()
}

func TestMistakesOnTheCommandLineEndTheProgram(t *testing.T) {
	t.Parallel()
	tests := []struct{ args, want string }{
		{"-nonsense", "-nonsense"},
		{"-n many", `invalid value "many" for flag -n`},
		{"-n 1.5", `invalid value "1.5" for flag -n: parse error` + "\n"},
		{"-age 1", "flag -age: parse error: give a time with its unit, such as 500ms"},
		{"backend", `unexpected argument "backend"`},
		{"-n 1 -age 2s help", `unexpected argument "help"`},
	}
	for _, test := range tests {
		status, ended, stdout, stderr := parseTest(strings.Fields(test.args)...)
		if !ended || status != 2 || stdout != "" {
			t.Errorf("%s: ended %v with status %d and %q on stdout, want true, 2 and nothing", test.args, ended, status, stdout)
		}
		if !strings.HasPrefix(stderr, "example: ") || !strings.Contains(stderr, test.want) ||
			!strings.HasSuffix(stderr, "\nThe flag -h lists all flags.\n") || strings.Contains(stderr, "go-build") {
			t.Errorf("%s: stderr is %q, want the program's name, %q and a hint", test.args, stderr, test.want)
		}
	}
}

func TestHelpNamesTheCommandToRun(t *testing.T) {
	t.Parallel()
	status, ended, stdout, stderr := parseTest("-h")
	if !ended || status != 0 || stderr != "" {
		t.Errorf("ended %v with status %d and %q on stderr, want true, 0 and nothing", ended, status, stderr)
	}
	want := "Shows something.\n\nUsage: go -C examples/example run . [flags]\n\n  -age duration\n"
	if !strings.HasPrefix(stdout, want) || !strings.Contains(stdout, "-n number") {
		t.Errorf("stdout is %q, want it to begin with %q", stdout, want)
	}
}

func TestAProgramWithoutFlagsHasHelp(t *testing.T) {
	t.Parallel()
	var out, errs strings.Builder
	status, ended := example.parse(flag.NewFlagSet("", flag.ExitOnError), []string{"-h"}, &out, &errs)
	if !ended || status != 0 || !strings.HasSuffix(out.String(), "\nIt has no flags.\n") || errs.String() != "" {
		t.Errorf("ended %v with status %d, stdout %q, stderr %q", ended, status, &out, &errs)
	}
}

func TestAGoodCommandLineRunsTheProgram(t *testing.T) {
	t.Parallel()
	if status, ended, stdout, stderr := parseTest("-n=3", "-age", "5m"); ended || stdout != "" || stderr != "" {
		t.Errorf("ended with status %d, stdout %q, stderr %q, want none of these", status, stdout, stderr)
	}
}
