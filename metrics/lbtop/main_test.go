package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	well = `{"version":1,"time":"2000-01-01T00:00:00Z","targets":[{"target":"t","policy":"p","summary":"all 1 usable"}],
		"backends":[{"target":"t","policy":"p","backend":"b1","condition":"ok","subchannels":1,"usable_subchannels":1}]}`
	down = `{"version":1,"time":"2000-01-01T00:00:00Z","targets":[{"target":"t","policy":"p","summary":"the only backend down for 7 s"}],
		"backends":[{"target":"t","policy":"p","backend":"b1","condition":"down","subchannels":1,"down_since":"1999-12-31T23:59:53Z"}]}`
	older = `{"targets":[],"backends":[]}`
)

// pages are the answers of processes, by host.
type pages map[string]string

func (p pages) RoundTrip(r *http.Request) (*http.Response, error) {
	switch body, ok := p[r.URL.Host]; {
	case !ok:
		return nil, errors.New("connection refused")
	case body == "":
		<-r.Context().Done()
		return nil, r.Context().Err()
	default:
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

func TestOncePrintsOneTableAndTellsByItsStatus(t *testing.T) {
	t.Parallel()
	web := pages{"well:1": well, "down:1": down, "old:1": older, "slow:1": ""}
	for _, tt := range []struct {
		args   string
		status int
		out    []string
	}{
		{"-once well:1", 0, []string{"  well:1  ", "> t p", "all 1 usable", "b1       ok"}},
		{"well:1 -once", 0, []string{"b1       ok"}},
		{"-once down:1", 1, []string{"the only backend down for 7 s", "DOWN   0 of 1        7s"}},
		{"-once well:1 down:1", 1, []string{"2 of 2 clients answer", "DOWN at 1  1 of 2        7s"}},
		{"-once well:1 none:1", 1, []string{"1 of 2 clients answer", "client none:1 fails for 0s: connection refused (it has never answered)", "b1       ok"}},
		{"-once well:1 slow:1", 1, []string{"client slow:1 fails for 5s: no answer within 5s", "b1       ok"}},
		{"-once -timeout 1s well:1 slow:1", 1, []string{"client slow:1 fails for 1s: no answer within 1s"}},
		{"-once well:1 old:1", 1, []string{"client old:1 fails for 0s: its JSON has no version", "b1       ok"}},
		{"-once -target x down:1", 0, []string{"no target is selected by -target and -policy; there is t p"}},
		{"-once -policy p -target t down:1", 1, []string{"DOWN"}},
		{"-once -window 1m well:1", 0, []string{"rates of the last 1m"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			var out, errs bytes.Buffer
			if got := run(t.Context(), strings.Fields(tt.args), web, &out, &errs); got != tt.status || errs.Len() > 0 {
				t.Errorf("%s: status %d, want %d; %s", tt.args, got, tt.status, &errs)
			}
			for _, want := range tt.out {
				if !strings.Contains(out.String(), want) {
					t.Errorf("%s: lacks %q:\n%s", tt.args, want, &out)
				}
			}
			if strings.Contains(out.String(), "\x1b") {
				t.Errorf("%s: has escape sequences: %q", tt.args, &out)
			}
		})
	}
}

// shared is a buffer that can be read while it is written to.
type shared struct {
	mu  sync.Mutex
	buf bytes.Buffer // guarded by mu
}

func (s *shared) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(b)
}

func (s *shared) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

func TestTablesArePrintedAtEachIntervalUntilTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var out shared
		status := make(chan int, 1)
		go func() {
			status <- run(ctx, []string{"-interval", "3s", "well:1", "slow:1"}, pages{"well:1": well, "slow:1": ""}, &out, io.Discard)
		}()
		for _, step := range []struct {
			wait  time.Duration
			times int
		}{{4900 * time.Millisecond, 0}, {200 * time.Millisecond, 1}, {3 * time.Second, 2}, {30 * time.Second, 12}} {
			time.Sleep(step.wait)
			synctest.Wait()
			if n := strings.Count(out.String(), "BACKEND"); n != step.times {
				t.Errorf("%d tables, want %d", n, step.times)
			}
		}
		cancel()
		if got := <-status; got != 0 {
			t.Errorf("status %d", got)
		}
		if !strings.Contains(out.String(), "ok     1 of 1         -    -       -    -      -  -\n\n2000-01-01T00:00:08Z") {
			t.Errorf("no empty line between tables:\n%s", &out)
		}
	})
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestFailuresOfLbtopItselfAreToldApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var errs bytes.Buffer
		if got := run(t.Context(), []string{"well:1"}, pages{"well:1": well}, full{}, &errs); got != 2 || errs.String() != "lbtop: print the table: disk full\n" {
			t.Errorf("status %d, %s", got, &errs)
		}
		errs.Reset()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if got := run(ctx, []string{"-once", "slow:1"}, pages{"slow:1": ""}, io.Discard, &errs); got != 2 || errs.String() != "lbtop: interrupted before all clients had answered\n" {
			t.Errorf("status %d, %s", got, &errs)
		}
	})
}

func TestHelpIsPrinted(t *testing.T) {
	t.Parallel()
	for _, arg := range []string{"-h", "-help", "--help"} {
		var out, errs bytes.Buffer
		if got := run(t.Context(), []string{arg, "x:1"}, nil, &out, &errs); got != 0 || errs.Len() > 0 {
			t.Errorf("%s: status %d, %s", arg, got, &errs)
		}
		for _, want := range []string{"usage: lbtop", "-interval", "-once", "-target", "-policy", "-n ", "-timeout", "-window", "Exit status"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: lacks %q", arg, want)
			}
		}
	}
}

func TestReadmeHasTheFlags(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), "```\n"+flagList()+"```\n") {
		t.Errorf("README.md lacks the flags:\n%s", flagList())
	}
}

// go install refuses a version of a module that replaces others, and the library does
// not belong to what the program needs.
func TestModuleCanBeInstalledAtAVersion(t *testing.T) {
	t.Parallel()
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mod)) {
		if strings.HasPrefix(line, "replace") || strings.HasPrefix(line, "exclude") || strings.Contains(line, "balancer2/balancer2 ") {
			t.Errorf("go.mod has %s", line)
		}
	}
}

func TestBadCommandLinesAreExplained(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "missing")
	bad := filepath.Join(t.TempDir(), "bad")
	if err := os.WriteFile(bad, []byte("# web\na:1\n\nftp://u:p@b/\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		"":                   "no URLs: give that of a live page, as localhost:8080 or http://host:8080/debug/lb, or @FILE; -help says more",
		"-once":              "no URLs: ",
		"-nope a:1":          "read flags: flag provided but not defined: -nope; -help lists them",
		"a:1 -interval":      "read flags: flag needs an argument: -interval",
		"-interval 2 a:1":    `read flags: invalid value "2" for flag -interval`,
		"-interval 99ms a:1": "read flags: -interval is 99ms; valid: from 100ms",
		"-timeout 0s a:1":    "read flags: -timeout is 0s; valid: above 0",
		"-n -1 a:1":          "read flags: -n is -1; valid: from 1, or 0 for all",
		"-window 5m a:1":     `read flags: -window is "5m"; valid: 10s, 1m`,
		"a:1 b:x":            `read URL "b:x": invalid port ":x" after host`,
		"@" + missing:        "read the URLs of @" + missing + ": no such file or directory",
		"@" + bad:            bad + `:4: read URL "ftp://…@b/": the scheme is "ftp"`,
		"@":                  "read the URLs of @: no such file",
	} {
		var errs bytes.Buffer
		if got := run(t.Context(), strings.Fields(args), nil, io.Discard, &errs); got != 2 || !strings.HasPrefix(errs.String(), "lbtop: "+want) {
			t.Errorf("%s: status %d, %s, want %s", args, got, &errs, want)
		}
	}
}

func TestURLsComeFromArgumentsAndFiles(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "urls")
	if err := os.WriteFile(file, []byte("# web\n a:1 \r\n\nhttps://b/lb\nc:1"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := parse([]string{"c:1", "-n", "5", "@" + file, "-once", "d:1"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range s.addresses {
		got = append(got, a.String())
	}
	if want := []string{"http://c:1/debug/lb", "http://a:1/debug/lb", "https://b/lb", "http://d:1/debug/lb"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if s.rows != 5 || !s.once || s.interval != 2*time.Second || s.timeout != 5*time.Second {
		t.Errorf("got %+v", s)
	}
}
