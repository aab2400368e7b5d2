package documents_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	// Blocks in these languages are no commands.
	otherBlock   = regexp.MustCompile("(?ms)^```[a-z]+\n.*?^```$")
	commandBlock = regexp.MustCompile("(?ms)^```(?:sh|bash)?\n(.*?)^```$")
	// What a block of commands begins with. Others are outputs, texts and queries.
	command = regexp.MustCompile(`^(?:\$ |go |\.ci/|bin/|kill |watch |curl |kubectl )`)
)

// commandsOf returns the commands in the blocks of a Markdown text. In a block that has a
// prompt, they are the lines with one.
func commandsOf(text string) (commands []string) {
	for _, block := range commandBlock.FindAllStringSubmatch(text, -1) {
		if !command.MatchString(block[1]) {
			continue
		}
		prompt := strings.HasPrefix(block[1], "$ ")
		for line := range strings.SplitSeq(strings.TrimSuffix(block[1], "\n"), "\n") {
			line, prompted := strings.CutPrefix(line, "$ ")
			if prompted || !prompt {
				commands = append(commands, strings.TrimSpace(line))
			}
		}
	}
	return commands
}

// runByCI tells whether .ci/run runs the command in the root of the repository.
func runByCI(t *testing.T, line string) bool {
	t.Helper()
	ci, err := os.ReadFile(filepath.Join(root, ".ci/run"))
	if err != nil {
		t.Fatal(err)
	}
	if regexp.MustCompile(`(?m)^\t*step ` + regexp.QuoteMeta(line) + `$`).Match(ci) {
		return true
	}
	module := "."
	if rest, inModule := strings.CutPrefix(line, "go -C "); inModule {
		module, line, _ = strings.Cut(rest, " ")
		line = "go " + line
	}
	if _, err := os.Stat(filepath.Join(root, module, "go.mod")); err != nil {
		return false
	}
	// The loops over all modules.
	switch line {
	case "go test ./...", "go test -count=1 ./...":
		return strings.Contains(string(ci), `step go -C "$m" test -count=1 "${race[@]}" ./...`)
	case "go run .":
		return path.Dir(module) == "examples" && strings.Contains(string(ci), `./examples/*) step go -C "$m" run . ;;`)
	}
	return false
}

// notRun is a command that .ci/run does not run: with the test that does, or with why none
// does.
type notRun struct {
	command *regexp.Regexp
	file    string // of the test
	test    string
	why     string // no test
}

var notByCI = []notRun{
	{command: regexp.MustCompile(`^go build -o bin/ ./examples/load_balancing/`), file: "examples/load_balancing/internal/programs/programs.go", test: "Build"},
	{command: regexp.MustCompile(`^(bin/server &|go run ./examples/load_balancing/client.*)$`), file: "examples/load_balancing/walkthrough_test.go", test: "TestTheTrapIsAsREADMESays"},
	{command: regexp.MustCompile(`^(bin/(server|client) -|watch "curl |kill -9 )`), file: "examples/load_balancing/walkthrough_test.go", test: "TestTheFailoverIsAsREADMESays"},
	{command: regexp.MustCompile(`^go mod edit -require github.com/grpc-balancer2/`), file: "balancer/internal/documents/module_test.go", test: "TestAModuleCanUseTheClone"},
	{command: regexp.MustCompile(`^go .*-bench `), why: "takes half an hour"},
	{command: regexp.MustCompile(`^go install .*@latest$`), why: "the module is not published yet"},
	{command: regexp.MustCompile(`^go -C metrics/lbtop run \. web-1:9090 `), why: "stands for the reader's own clients; the tests of lbtop run it on clients of theirs"},
	{command: regexp.MustCompile(`^kubectl `), why: "needs a cluster"},
}

func TestEveryCommandInMarkdownIsRun(t *testing.T) {
	t.Parallel()
	commands := 0
	used := make([]bool, len(notByCI))
	for name, text := range filesOf(t, ".md") {
		for _, line := range commandsOf(otherBlock.ReplaceAllString(text, "")) {
			commands++
			at := slices.IndexFunc(notByCI, func(c notRun) bool { return c.command.MatchString(line) })
			switch {
			case at >= 0:
				used[at] = true
			case !runByCI(t, line):
				t.Errorf("%s says %q, which neither .ci/run nor a test runs", name, line)
			}
		}
	}
	if commands < 20 {
		t.Errorf("%d commands in all files, want at least 20: the test misses some", commands)
	}
	for i, c := range notByCI {
		if !used[i] {
			t.Errorf("no file has a command %s any more", c.command)
		}
		if c.why != "" {
			continue
		}
		code, err := os.ReadFile(filepath.Join(root, c.file))
		if err != nil || !strings.Contains(string(code), "\nfunc "+c.test+"(") {
			t.Errorf("%s: %s has no %s: %v", c.command, c.file, c.test, err)
		}
	}
}
