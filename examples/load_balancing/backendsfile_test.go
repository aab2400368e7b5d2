package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/programs"
)

// replaceFile replaces the old file by a new one, as the help of the flag says.
func replaceFile(t *testing.T, path, text string) {
	t.Helper()
	next := filepath.Join(t.TempDir(), "next")
	if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, path); err != nil {
		t.Fatal(err)
	}
}

func TestBackendsFileIsRead(t *testing.T) {
	t.Parallel()
	_, backends := startServers(t)
	file := filepath.Join(t.TempDir(), "backends")
	replaceFile(t, file, strings.ReplaceAll(backends, ",", "\n"))
	client := run(t, programs.Client, "-backends-file", file, longTimeout)
	client.wantExit(t, 0)
	client.wantStderr(t)
	checkDocumented(t, client.Stdout.String(), 10)
}

func TestKeepFollowsTheBackendsFile(t *testing.T) {
	t.Parallel()
	_, backends := startServers(t)
	one, two, _ := strings.Cut(backends, ",")
	file := filepath.Join(t.TempDir(), "backends")
	replaceFile(t, file, one)
	client := run(t, programs.Client, "-backends-file", file, longTimeout,
		"-policies=round_robin2", "-keep", "-rate=200", "-metrics-addr=127.0.0.1:0")
	served := func(b string) {
		t.Helper()
		_, addr, _ := strings.Cut(b, "=")
		client.awaitSum(t, 1, "grpc_lb_rpc_attempts_total", `grpc_status="OK"`, `grpc_lb_backend="`+addr+`"`)
	}
	served(one)

	replaceFile(t, file, two+"\n")
	client.Stderr.Await(t, `level=INFO msg="backends have changed" file=\S+ backends="?`+two, 1)
	served(two)

	replaceFile(t, file, "nonsense\n")
	client.Stderr.Await(t, `level=WARN msg="backends stay as they were" file=\S+ err=.*nonsense.*one on each line`, 1)
	client.awaitSum(t, 1, "grpc_lb_resolver_updates_total", `grpc_lb_result="error"`)

	client.interrupt(t)
	client.wantExit(t, 0)
	if log := client.Stderr.String(); strings.Count(log, "\n") != 2 {
		t.Errorf("want a line for the change and one for the error, no failed RPC:\n%s", log)
	}
}

func TestBackendsFileThatNamesNoBackend(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "backends")
	replaceFile(t, file, "# nothing yet\n")
	client := run(t, programs.Client, "-backends-file", file)
	client.wantExit(t, 1)
	client.wantStderr(t, "-backends-file: "+file, "no backend")
}
