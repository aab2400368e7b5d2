package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/grpc-balancer2/balancer2/examples/internal/exampletest"
	"github.com/grpc-balancer2/balancer2/examples/internal/ports"
)

// These tests run what README.md tells its reader to type. They change the ports, the
// time that RPCs may take on a busy machine, and how the programs are built.

// walkthrough is a section of README.md for these tests.
type walkthrough struct {
	blocks []string // its code blocks
	kill   string   // what it says in a sentence, such as `kill $!`
	addrs  []string // of member1, member2 and member3
}

var (
	codeBlock    = regexp.MustCompile("(?ms)^```\n(.*?)^```$")
	killSentence = regexp.MustCompile("`(kill [^`]+)`")
)

// readWalkthrough returns the section with the heading.
func readWalkthrough(t *testing.T, heading string) walkthrough {
	t.Helper()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(readme), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("README.md has no section %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	w := walkthrough{}
	if w.addrs, err = ports.Free(3); err != nil {
		t.Fatal(err)
	}
	for i, addr := range w.addrs {
		section = strings.ReplaceAll(section, fmt.Sprintf("127.0.0.1:5005%d", i+1), addr)
	}
	for _, block := range codeBlock.FindAllStringSubmatch(section, -1) {
		w.blocks = append(w.blocks, block[1])
	}
	w.kill = killSentence.FindStringSubmatch(section)[1]
	return w
}

// typed returns the commands of a block, for a shell in which bin has the programs.
func typed(block string) string {
	var commands strings.Builder
	transcript := strings.HasPrefix(block, "$ ")
	for line := range strings.Lines(block) {
		command, isCommand := strings.CutPrefix(line, "$ ")
		if transcript && !isCommand || strings.HasPrefix(command, "go build ") {
			continue
		}
		commands.WriteString(command)
	}
	client := "bin/client " + longTimeout + " "
	return strings.NewReplacer("go run ./examples/load_balancing/client", client, "bin/client", client).Replace(commands.String())
}

// shell runs a script in which await STEP waits for [shell.reach].
type shell struct {
	process
	dir string
}

func runScript(t *testing.T, script string) shell {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash for the commands")
	}
	dir := t.TempDir()
	if err := os.Symlink(bin, filepath.Join(dir, "bin")); err != nil {
		t.Fatal(err)
	}
	const await = `cd "$0"; await() { while [ ! -e "$1" ]; do sleep 0.05; done; }` + "\n"
	return shell{process{exampletest.StartProcess(t, bash, "-c", await+script, dir)}, dir}
}

// reach lets the script go on.
func (s shell) reach(t *testing.T, step string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, step), nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTheTrapIsAsREADMESays(t *testing.T) {
	t.Parallel()
	w := readWalkthrough(t, "The trap")
	server, client, _ := strings.Cut(typed(w.blocks[0]), "\n")
	ours := fmt.Sprintf(" -backends member1.etcd.local=%s,member2.etcd.local=%s ", w.addrs[0], w.addrs[1])
	s := runScript(t, strings.NewReplacer("bin/server ", "bin/server"+ours, "bin/client ", "bin/client"+ours).Replace(
		server+"\nawait served\n"+client+"echo exit status $?\n"+typed(w.blocks[1])+w.kill+"\nwait\n"))
	_, printed, _ := strings.Cut(w.blocks[0], "$ bin/server &\n")
	serving, printed, _ := strings.Cut(printed, "$ go run ./examples/load_balancing/client -server-name=channel\n")
	s.Stdout.Await(t, "(?m)^"+regexp.QuoteMeta(serving), 1)
	s.reach(t, "served")
	s.wantExit(t, 0)
	got := s.Stderr.String() + s.Stdout.String()
	for line := range strings.Lines(printed) {
		if !strings.Contains(got, line) {
			t.Errorf("the commands did not print %q:\n%s", line, got)
		}
	}
	// In the second block nothing fails.
	if _, remedied, _ := strings.Cut(s.Stdout.String(), "exit status 1\n"); strings.Count(remedied, "\nthis is ") != 20 {
		t.Errorf("with the remedy the client prints\n%s", remedied)
	}
}

var watched = regexp.MustCompile(`^watch "curl -s 127\.0\.0\.1:9464/metrics \| grep -E '(.*)'"`)

func TestTheFailoverIsAsREADMESays(t *testing.T) {
	t.Parallel()
	w := readWalkthrough(t, "Watch a failover")
	servers, client, watch, restart := w.blocks[0], w.blocks[1], w.blocks[2], w.blocks[3]
	client = strings.Replace(typed(client), "-keep", "-keep -metrics-addr 127.0.0.1:0", 1)
	s := runScript(t, typed(servers)+"await serving\n"+client+"await watched\n"+typed(restart)+"await back\n"+w.kill+"\nwait\n")
	s.Stdout.Await(t, `(?m)^serving member\d`, 3)
	s.reach(t, "serving")

	seen := regexp.MustCompile(`(?m)` + watched.FindStringSubmatch(watch)[1] + `.*$`)
	third := `grpc_lb_backend="` + w.addrs[2] + `",grpc_lb_policy="round_robin2"`
	awaitWatched := func(metric string, least float64) {
		t.Helper()
		exampletest.Eventually(t, fmt.Sprintf("%s of the third server is %v", metric, least), func() (bool, any) {
			_, page := get(t, s.Stdout.Await(t, `metrics: (http://\S+/metrics)`, 1)[0], "")
			lines := seen.FindAllString(page, -1)
			return sum(t, lines, metric+"{", third) >= least, strings.Join(lines, "\n")
		})
	}
	awaitWatched("grpc_lb_ready_subchannels", 1)
	awaitWatched("grpc_lb_picks_total", 1)
	s.reach(t, "watched")
	awaitWatched("grpc_lb_disconnections_total", 1)
	awaitWatched("grpc_lb_connection_attempts_succeeded_total", 2)
	awaitWatched("grpc_lb_ready_subchannels", 1)
	s.reach(t, "back")
	s.wantExit(t, 0)
	s.Stdout.Await(t, `(?m)^round_robin2: OK \d+`, 1)
}
