package main_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/grpc-balancer2/balancer2/examples/internal/exampletest"
	"github.com/grpc-balancer2/balancer2/examples/internal/ports"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/programs"
)

// sum adds the values of the lines that contain all parts.
func sum(t *testing.T, lines []string, parts ...string) float64 {
	t.Helper()
	var total float64
next:
	for _, line := range lines {
		for _, part := range parts {
			if !strings.Contains(line, part) {
				continue next
			}
		}
		fields := strings.Fields(line)
		value, err := strconv.ParseFloat(fields[len(fields)-1], 64)
		if err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		total += value
	}
	return total
}

// awaitSum scrapes until the sum is at least want.
func (p process) awaitSum(t *testing.T, want float64, parts ...string) {
	t.Helper()
	what := fmt.Sprintf("%q adds up to %v", parts, want)
	exampletest.Eventually(t, what, func() (bool, any) {
		lines := p.scrape(t)
		return sum(t, lines, parts...) >= want, strings.Join(lines, "")
	})
}

func TestKeepGoesOnUntilInterrupted(t *testing.T) {
	t.Parallel()
	p := run(t, programs.AllInOne, "-backends", twoBackends, longTimeout,
		"-keep", "-rate=500", "-metrics-addr=127.0.0.1:0")
	for _, policy := range []string{"pick_first2", "round_robin2"} {
		p.awaitSum(t, 30, "grpc_lb_rpc_attempts_total", `grpc_lb_policy="`+policy+`"`, `grpc_status="OK"`)
	}
	p.interrupt(t)
	p.wantExit(t, 0)
	p.wantStderr(t)
	checkDocumented(t, p.Stdout.String(), 10)
	for _, policy := range []string{"pick_first2", "round_robin2"} {
		p.Stdout.Await(t, `(?m)^`+policy+`: OK \d{2,}`, 1)
	}
}

func TestKeepShowsTheFailedConnectionAttempts(t *testing.T) {
	t.Parallel()
	_, backends := startServers(t)
	client := run(t, programs.Client, "-backends", backends, longTimeout,
		"-server-name=channel", "-keep", "-metrics-addr=127.0.0.1:0")
	for _, policy := range []string{"pick_first2", "round_robin2"} {
		for b := range strings.SplitSeq(backends, ",") {
			_, addr, _ := strings.Cut(b, "=")
			client.awaitSum(t, 1, "grpc_lb_connection_attempts_failed_total",
				`grpc_lb_policy="`+policy+`"`, `grpc_lb_backend="`+addr+`"`)
		}
	}
	client.interrupt(t)
	client.wantExit(t, 1)
	if n := strings.Count(client.Stderr.String(), "could not greet: "); n != 2 {
		t.Errorf("%d failures printed, want one for each policy:\n%s", n, &client.Stderr)
	}
	if n := strings.Count(client.Stdout.String(), "--- calling "); n != 2 {
		t.Errorf("%d policies called, want both:\n%s", n, &client.Stdout)
	}
}

func TestKeepLogsAnOutageOnceAndItsEnd(t *testing.T) {
	t.Parallel()
	addrs, err := ports.Free(2)
	if err != nil {
		t.Fatal(err)
	}
	servers, backends := startServers(t, "-backends", "member1.etcd.local="+addrs[0]+",member2.etcd.local="+addrs[1])
	client := run(t, programs.Client, "-backends", backends, longTimeout,
		"-policies=round_robin2", "-keep", "-rate=200", "-metrics-addr=127.0.0.1:0")
	client.awaitSum(t, 20, "grpc_lb_rpc_attempts_total", `grpc_status="OK"`)

	servers.interrupt(t)
	servers.wantExit(t, 0)
	client.Stderr.Await(t, `level=WARN msg="RPCs fail" policy=round_robin2 err=.*code = Unavailable`, 1)
	client.awaitSum(t, 5, "grpc_lb_picks_failed_total")
	run(t, programs.Server, "-backends", backends)
	client.Stderr.Await(t, `level=INFO msg="RPCs succeed again" policy=round_robin2 failed=\d+`, 1)

	client.interrupt(t)
	client.wantExit(t, 0)
	if lines := strings.Count(client.Stderr.String(), "\n"); lines != 2 {
		t.Errorf("%d lines logged, want one for the outage and one for its end:\n%s", lines, &client.Stderr)
	}
}

func TestInterruptBeforeTheFirstAnswer(t *testing.T) {
	t.Parallel()
	// The port is open, but the server never answers. The client keeps connecting
	// until it ends.
	silent := "-backends=member1.etcd.local=" + takenPort(t)
	for _, test := range []struct {
		args []string
		want int
	}{{nil, 1}, {[]string{"-keep", "-metrics-addr=127.0.0.1:0"}, 0}} {
		client := run(t, programs.Client, append(test.args, silent, longTimeout)...)
		client.Stdout.Await(t, "--- calling", 1)
		client.interrupt(t)
		client.wantExit(t, test.want)
		if strings.Contains(client.Stderr.String(), "could not greet") {
			t.Errorf("%v: the interruption counts as a failed RPC:\n%s", test.args, &client.Stderr)
		}
	}
}
