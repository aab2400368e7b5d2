package main_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/programs"
)

// answers parses the documented output. It returns the headers of the sections, and
// for each section the ports that answered. Any other line is an error.
func answers(t *testing.T, out string) (headers []string, ports [][]string) {
	t.Helper()
	header := regexp.MustCompile(`^--- calling helloworld\.Greeter/SayHello with (\S+) ---$`)
	answer := regexp.MustCompile(`^this is examples/load_balancing \(from :(\d+)\)$`)
	calls, _, _ := strings.Cut(out, "\n\n")
	for line := range strings.SplitSeq(strings.TrimSuffix(calls, "\n"), "\n") {
		if match := header.FindStringSubmatch(line); match != nil {
			headers, ports = append(headers, match[1]), append(ports, nil)
		} else if match := answer.FindStringSubmatch(line); match != nil && len(ports) > 0 {
			ports[len(ports)-1] = append(ports[len(ports)-1], match[1])
		} else {
			t.Fatalf("unexpected line %q in:\n%s", line, out)
		}
	}
	return headers, ports
}

// checkDocumented checks the output of a run with the default policies: n answers
// of one backend, then n answers of two backends in turn, and a table that shows
// the same.
func checkDocumented(t *testing.T, out string, n int) {
	t.Helper()
	headers, ports := answers(t, out)
	if got := strings.Join(headers, " "); got != "pick_first2 round_robin2" {
		t.Fatalf("policies called: %s, want pick_first2 round_robin2", got)
	}
	first, robin := ports[0], ports[1]
	if len(first) != n || len(robin) != n {
		t.Fatalf("%d and %d answers, want %d each:\n%s", len(first), len(robin), n, out)
	}
	counts := make(map[string]int)
	for i := range n {
		if first[i] != first[0] {
			t.Errorf("pick_first2: answer %d comes from %s, the first from %s", i, first[i], first[0])
		}
		if i > 0 && robin[i] == robin[i-1] {
			t.Errorf("round_robin2: answers %d and %d both come from %s", i-1, i, robin[i])
		}
		counts[robin[i]]++
	}
	if len(counts) != 2 || counts[robin[0]] != n/2 {
		t.Errorf("round_robin2: answers by port %v, want %d of each of two", counts, n/2)
	}
	checkRow(t, out, "pick_first2", first[0], n)
	checkRow(t, out, "round_robin2", robin[0], n/2)
	checkRow(t, out, "round_robin2", robin[1], n/2)
}

func checkRow(t *testing.T, out, policy, port string, rpcs int) {
	t.Helper()
	row := fmt.Sprintf(`(?m)^%s +127\.0\.0\.1:%s +1 +%d +OK %d$`, policy, port, rpcs, rpcs)
	if !regexp.MustCompile(row).MatchString(out) {
		t.Errorf("no row like %s in:\n%s", row, out)
	}
}

func TestAllInOneProcess(t *testing.T) {
	t.Parallel()
	p := run(t, programs.AllInOne, "-backends", twoBackends, longTimeout)
	p.wantExit(t, 0)
	p.wantStderr(t)
	checkDocumented(t, p.Stdout.String(), 10)
}

func TestServerAndClientApart(t *testing.T) {
	t.Parallel()
	servers, backends := startServers(t)
	client := run(t, programs.Client, "-backends", backends, longTimeout, "-n", "4")
	client.wantExit(t, 0)
	client.wantStderr(t)
	checkDocumented(t, client.Stdout.String(), 4)
	servers.interrupt(t)
	servers.wantExit(t, 0)
	servers.wantStderr(t)
}

func TestPlaintext(t *testing.T) {
	t.Parallel()
	p := run(t, programs.AllInOne, "-plaintext", "-backends", twoBackends, longTimeout)
	p.wantExit(t, 0)
	checkDocumented(t, p.Stdout.String(), 10)

	_, backends := startServers(t, "-plaintext")
	client := run(t, programs.Client, "-backends", backends)
	client.wantExit(t, 1)
	client.wantStderr(t, "could not greet: rpc error: code = Unavailable", "tls: first record does not look like a TLS handshake")
}

func TestOneNameForAllBackendsFailsAsDocumented(t *testing.T) {
	t.Parallel()
	_, backends := startServers(t)
	client := run(t, programs.Client,
		"-backends", backends, "-server-name=channel", longTimeout)
	client.wantExit(t, 1)
	client.wantStderr(t,
		"could not greet: rpc error: code = Unavailable desc = ",
		"x509: certificate is valid for member1.etcd.local, not lb.example.grpc.io",
		"x509: certificate is valid for member2.etcd.local, not lb.example.grpc.io")
	if want := "--- calling helloworld.Greeter/SayHello with pick_first2 ---\n"; client.Stdout.String() != want {
		t.Errorf("stdout %q, want the first header and nothing else", &client.Stdout)
	}
}

func TestPoliciesByServiceConfig(t *testing.T) {
	t.Parallel()
	p := run(t, programs.AllInOne, "-backends", twoBackends, longTimeout, "-n=6", "-policies",
		`{"loadBalancingConfig":[{"not_here":{}},{"round_robin2":{}}],"methodConfig":[]}, {"loadBalancingConfig":[{"pick_first2":{"shuffleAddressList":true}}]}`)
	p.wantExit(t, 0)
	headers, ports := answers(t, p.Stdout.String())
	if got := strings.Join(headers, " "); got != "round_robin2 pick_first2" {
		t.Fatalf("policies called: %s, want round_robin2 pick_first2", got)
	}
	checkRow(t, p.Stdout.String(), "round_robin2", ports[0][0], 3)
	checkRow(t, p.Stdout.String(), "round_robin2", ports[0][1], 3)
	checkRow(t, p.Stdout.String(), "pick_first2", ports[1][0], 6)
}

func TestPoliciesThatAreNotMetered(t *testing.T) {
	t.Parallel()
	p := run(t, programs.AllInOne, "-backends", twoBackends, longTimeout, "-policies=pick_first,round_robin")
	p.wantExit(t, 0)
	headers, ports := answers(t, p.Stdout.String())
	if len(headers) != 2 || len(ports[0]) != 10 || len(ports[1]) != 10 {
		t.Errorf("want ten answers with each of two policies:\n%s", &p.Stdout)
	}
	if want := "no metrics of pick_first, round_robin"; !strings.Contains(p.Stdout.String(), want) {
		t.Errorf("stdout does not say %q:\n%s", want, &p.Stdout)
	}
}

func TestNamesAreDialled(t *testing.T) {
	t.Parallel()
	// localhost is the one name that every machine knows; no test certificate
	// is for it.
	p := run(t, programs.AllInOne, "-plaintext", "-dial-names", "-n=2", longTimeout,
		"-backends=localhost=127.0.0.1:0,localhost=127.0.0.1:0")
	p.wantExit(t, 0)
	if row := regexp.MustCompile(`(?m)^round_robin2 +localhost:\d+ +1 +1 +OK 1$`); len(row.FindAllString(p.Stdout.String(), -1)) != 2 {
		t.Errorf("no two rows like %s in:\n%s", row, &p.Stdout)
	}
}
