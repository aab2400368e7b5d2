package endtoend_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// build builds the program and returns its file.
func build(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "lbtop")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-C", "../..", "-o", file, ".")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return file
}

// serve serves the process's page, behind a password, and returns its URL.
func serve(t *testing.T, p *process) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/lb", func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "me" || password != "secret" {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		p.metrics.Handler().ServeHTTP(w, r)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return "me:secret@" + strings.TrimPrefix(server.URL, "http://")
}

func TestProgramPrintsOnce(t *testing.T) {
	t.Parallel()
	lbtop := build(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	p := start(t, "a:1", "b:1")
	url := serve(t, p)
	once := func(args ...string) (string, int) {
		out, err := exec.CommandContext(ctx, lbtop, append([]string{"-once"}, args...)...).CombinedOutput()
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			return string(out), exit.ExitCode()
		} else if err != nil {
			t.Fatal(err)
		}
		return string(out), 0
	}
	if out, status := once(url); status != 0 || !strings.Contains(out, "usable") || strings.Contains(out, "secret") {
		t.Errorf("status %d:\n%s", status, out)
	}
	if out, status := once(strings.TrimPrefix(url, "me:secret@")); status != 1 || !strings.Contains(out, "HTTP status 401 Unauthorized; give user and password") {
		t.Errorf("status %d:\n%s", status, out)
	}
	p.lose("b:1")
	if out, status := once(url); status != 1 || !strings.Contains(out, "b:1      DOWN") {
		t.Errorf("status %d:\n%s", status, out)
	}
	if out, status := once(); status != 2 || !strings.HasPrefix(out, "lbtop: no URLs") {
		t.Errorf("status %d:\n%s", status, out)
	}
}

// terminal is a program on a terminal.
type terminal struct {
	t   *testing.T
	pty *os.File
	out strings.Builder
	key int // where out was when the last key was pressed
}

func (term *terminal) press(key string) {
	term.t.Helper()
	term.key = term.out.Len()
	if _, err := term.pty.WriteString(key); err != nil {
		term.t.Fatal(err)
	}
}

// until reads until the program has written the text since the last key.
func (term *terminal) until(text string) {
	term.t.Helper()
	buf := make([]byte, 4096)
	for !strings.Contains(term.out.String()[term.key:], text) {
		n, err := term.pty.Read(buf)
		term.out.Write(buf[:n])
		if err != nil {
			term.t.Fatalf("before %q: %v; the terminal got %q", text, err, term.out.String())
		}
	}
}

func TestProgramOnATerminal(t *testing.T) {
	t.Parallel()
	lbtop := build(t)
	p := start(t, "a:1", "b:1")
	p.lose("b:1")
	for _, env := range []string{"COLORS=yes", "NO_COLOR=1"} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, lbtop, "-interval", "100ms", serve(t, p))
		cmd.Env = append(os.Environ(), "TERM=xterm-256color", env)
		file, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 120})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = file.Close() }()
		term := &terminal{t: t, pty: file}
		term.until("DOWN")
		term.until("dial b:1: connection refused")
		term.press("e")
		term.until("connect failed")
		term.press("q")
		term.until("\x1b[?1049l") // what was there before is back
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: after q: %v", env, err)
		}
		if got, want := strings.Contains(term.out.String(), "\x1b[31;1m"), env != "NO_COLOR=1"; got != want {
			t.Errorf("%s: colours are used: %v", env, got)
		}
	}
}

func TestOncePrintsPlainLinesOnATerminalToo(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, build(t), "-once", serve(t, start(t, "a:1")))
	cmd.Env = append(os.Environ(), "TERM=xterm-256color")
	file, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	term := &terminal{t: t, pty: file}
	term.until("a:1 ")
	if err := cmd.Wait(); err != nil || strings.Contains(term.out.String(), "\x1b") {
		t.Errorf("%v; the terminal got %q", err, term.out.String())
	}
}

// SIGTERM too leaves the terminal as it was.
func TestSignalEndsTheProgram(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, build(t), serve(t, start(t, "a:1")))
	cmd.Env = append(os.Environ(), "TERM=xterm-256color")
	file, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 120})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	term := &terminal{t: t, pty: file}
	term.until("usable")
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	term.until("\x1b[?1049l")
	if err := cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
}
