package scenario_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/scenario"
)

// A usage error names the flag, says what to do, and ends the program before it
// does anything.
func TestUsageErrors(t *testing.T) {
	t.Parallel()
	programs := map[string]scenario.Program{"server": scenario.RunServer, "client": scenario.RunClient, "all": scenario.RunAll}
	tests := []struct {
		programs, args string
		want           []string
	}{
		{"server client all", "-nonsense", []string{"-nonsense", "-h lists all flags"}},
		{"server client all", "member1.etcd.local", []string{`"member1.etcd.local"`, "given by flags"}},
		{"server client all", "-backends=127.0.0.1:50051", []string{"-backends", "want NAME=HOST:PORT"}},
		{"server client all", "-backends=a=127.0.0.1:1,b=127.0.0.1:1", []string{"-backends", "listed twice", "its own port"}},
		{"server client all", "-plaintext -certs=.", []string{"-plaintext with -certs", "leave one out"}},
		{"server client all", "-certs=", []string{"-certs is empty"}},
		{"server", "-n=1", []string{"-n"}},
		{"server all", "-ca=ca.crt", []string{"-ca"}},
		{"client", "-ca=", []string{"-ca is empty"}},
		{"client", "-plaintext -ca=ca.crt", []string{"-plaintext with -ca", "leave one out"}},
		{"client", "-ca=ca.crt -certs=.", []string{"-ca with -certs", "leave one out"}},
		{"client", "-backends=a=127.0.0.1:0", []string{"-backends", "port 0", "give the port"}},
		{"client all", "-plaintext -server-name=address", []string{"-plaintext with -server-name", "leave one out"}},
		{"client all", "-server-name=member1", []string{`-server-name "member1"`, "give address or channel"}},
		{"client all", "-rate=5", []string{"-rate without -keep", "add -keep"}},
		{"client all", "-metrics-addr=:0", []string{"-metrics-addr without -keep"}},
		{"server all", "-backends-file=list", []string{"-backends-file"}},
		{"client", "-backends-file=", []string{"-backends-file is empty"}},
		{"client", "-backends-file=list -backends=a=127.0.0.1:1", []string{"-backends-file with -backends", "leave one out"}},
		{"server", "-retention=1s", []string{"-retention"}},
		{"client all", "-retention=1s", []string{"-retention without -keep", "add it"}},
		{"client all", "-keep -retention=-1s", []string{"-retention -1s", "not negative"}},
		{"client all", "-keep -retention=5", []string{"-retention", `"5"`}},
		{"client all", "-linger=1s", []string{"-linger without -keep", "add it"}},
		{"client all", "-keep -linger=-1s", []string{"-linger -1s", "not negative"}},
		{"client all", "-keep -metrics-addr=localhost", []string{"-metrics-addr", "missing port", "give HOST:PORT"}},
		{"client all", "-keep -rate=0", []string{"-rate 0", "above 0"}},
		{"client all", "-keep -rate=-1", []string{"-rate -1", "above 0"}},
		{"client all", "-keep -rate=NaN", []string{"-rate NaN", "above 0"}},
		{"client all", "-keep -rate=1e9", []string{"-rate 1e+09", "up to 10000"}},
		{"client all", "-n=0", []string{"-n 0", "at least one"}},
		{"client all", "-n=many", []string{"-n", `"many"`}},
		{"client all", "-timeout=0s", []string{"-timeout 0s", "above zero"}},
		{"client all", "-timeout=-1s", []string{"-timeout -1s", "above zero"}},
		{"client all", "-policies=pick_first3", []string{"pick_first3", "pick_first2, round_robin2", "import its package"}},
		{"client all", "-policies=round_robin2,round_robin2", []string{"-policies", "chosen twice"}},
		{"client all", `-policies={"loadBalancingConfig":[{"pick_first2":{"shuffleAddressList":1}}]}`,
			[]string{"-policies", "grpc: the provided default service config is invalid", "pick_first2", "shuffleAddressList"}},
	}
	for _, test := range tests {
		for program := range strings.FieldsSeq(test.programs) {
			t.Run(program+" "+test.args, func(t *testing.T) {
				t.Parallel()
				p := run(t, programs[program], strings.Fields(test.args)...)
				p.wantExit(t, 2)
				p.wantStderr(t, append(test.want, "load_balancing")...)
				if p.stdout.String() != "" {
					t.Errorf("stdout is not empty:\n%s", &p.stdout)
				}
			})
		}
	}
}

func TestHelpListsTheFlags(t *testing.T) {
	t.Parallel()
	servers := []string{"-backends", "-certs", "-plaintext"}
	clients := slices.Concat(servers, []string{"-policies", "-n ", "-timeout", "-server-name", "-dial-names", "-keep", "-rate", "-metrics-addr", "-retention", "-linger"})
	tests := []struct {
		program scenario.Program
		want    []string
	}{
		{scenario.RunServer, servers},
		{scenario.RunClient, slices.Concat(clients, []string{"-ca ", "-backends-file "})},
		{scenario.RunAll, clients},
	}
	for _, test := range tests {
		p := run(t, test.program, "-h")
		p.wantExit(t, 0)
		p.wantStderr(t)
		for _, flag := range test.want {
			if !strings.Contains(p.stdout.String(), "\n  "+flag) {
				t.Errorf("no flag %s in:\n%s", flag, &p.stdout)
			}
		}
	}
}

func TestPortsInUse(t *testing.T) {
	t.Parallel()
	taken := takenPort(t)

	given := "-backends=member1.etcd.local=127.0.0.1:0,member2.etcd.local=" + taken
	for _, program := range []scenario.Program{scenario.RunServer, scenario.RunAll} {
		p := run(t, program, given)
		p.wantExit(t, 1)
		p.wantStderr(t, "serve member2.etcd.local="+taken, "address already in use", "-backends")
	}

	p := run(t, scenario.RunAll, "-backends", twoBackends, "-keep", "-metrics-addr", taken)
	p.wantExit(t, 1)
	p.wantStderr(t, "serve metrics", taken, "address already in use", "-metrics-addr")
	if p.stdout.String() != "" {
		t.Errorf("RPCs were sent before the port was found in use:\n%s", &p.stdout)
	}
}

// Without -backends nobody insists on the default ports.
func TestDefaultPortsInUseAreReplaced(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:50051")
	if err == nil {
		defer listener.Close()
	}
	p := run(t, scenario.RunAll, longTimeout)
	p.wantExit(t, 0)
	checkDocumented(t, p.stdout.String(), 10)
	if err == nil { // else another program has the port, perhaps for no longer than this moment
		p.wantStderr(t, "127.0.0.1:50051: bind: address already in use; using 127.0.0.1:")
	}
}

func TestNameThatTheSystemDoesNotKnow(t *testing.T) {
	t.Parallel()
	p := run(t, scenario.RunClient, "-dial-names", "-timeout=5s", "-backends=no-such-name.invalid=127.0.0.1:1")
	p.wantExit(t, 1)
	p.wantStderr(t, "-dial-names: lookup no-such-name.invalid", "/etc/hosts")
}

func TestCertificatesFromFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "go", "run", "github.com/grpc-balancer2/balancer2/certs/generate", "-out", dir).CombinedOutput(); err != nil {
		t.Fatalf("generate certificates: %v\n%s", err, out)
	}
	p := run(t, scenario.RunAll, "-certs", dir, "-backends", twoBackends, longTimeout)
	p.wantExit(t, 0)
	checkDocumented(t, p.stdout.String(), 10)

	_, backends := startServers(t, "-certs", dir)
	for _, trust := range []string{"-certs=" + dir, "-ca=" + filepath.Join(dir, "ca.crt")} {
		client := run(t, scenario.RunClient, trust, "-backends", backends, longTimeout)
		client.wantExit(t, 0)
		checkDocumented(t, client.stdout.String(), 10)
	}
	client := run(t, scenario.RunClient, "-backends", backends, longTimeout)
	client.wantExit(t, 1)
	client.wantStderr(t, "could not greet", "certificate signed by unknown authority")

	if err := os.Remove(filepath.Join(dir, "member2.etcd.local.key")); err != nil {
		t.Fatal(err)
	}
	server := run(t, scenario.RunServer, "-certs", dir, "-backends", twoBackends)
	server.wantExit(t, 1)
	server.wantStderr(t, filepath.Join(dir, "member2.etcd.local.key"), "certs/generate")
}

func TestMissingFiles(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "missing")
	tests := []struct {
		program scenario.Program
		args    []string
		want    string
	}{
		{scenario.RunServer, []string{"-certs", missing}, missing},
		{scenario.RunAll, []string{"-certs", missing}, missing},
		{scenario.RunClient, []string{"-certs", missing}, missing},
		{scenario.RunClient, []string{"-ca", missing}, missing},
		{scenario.RunClient, []string{"-backends-file", missing}, missing},
		{scenario.RunServer, []string{"-backends=member9.etcd.local=127.0.0.1:0"}, "there are certificates for: member1.etcd.local"},
	}
	for _, test := range tests {
		p := run(t, test.program, test.args...)
		p.wantExit(t, 1)
		p.wantStderr(t, test.want)
	}
}
