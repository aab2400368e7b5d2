package main_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/programs"
)

func TestPortsInUse(t *testing.T) {
	t.Parallel()
	taken := takenPort(t)

	given := "-backends=member1.etcd.local=127.0.0.1:0,member2.etcd.local=" + taken
	for _, program := range []string{programs.Server, programs.AllInOne} {
		p := run(t, program, given)
		p.wantExit(t, 1)
		p.wantStderr(t, "serve member2.etcd.local="+taken, "address already in use", "-backends")
	}

	p := run(t, programs.AllInOne, "-backends", twoBackends, "-keep", "-metrics-addr", taken)
	p.wantExit(t, 1)
	p.wantStderr(t, "serve metrics", taken, "address already in use", "-metrics-addr")
	if p.Stdout.String() != "" {
		t.Errorf("RPCs were sent before the port was found in use:\n%s", &p.Stdout)
	}
}

// Without -backends the program may use other ports than the default ones.
func TestDefaultPortsInUseAreReplaced(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:50051")
	if err == nil {
		defer listener.Close()
	}
	p := run(t, programs.AllInOne, longTimeout)
	p.wantExit(t, 0)
	checkDocumented(t, p.Stdout.String(), 10)
	if err == nil { // else another program has the port, perhaps for no longer than this moment
		p.wantStderr(t, "127.0.0.1:50051: bind: address already in use; using 127.0.0.1:")
	}
}

func TestNameThatTheSystemDoesNotKnow(t *testing.T) {
	t.Parallel()
	p := run(t, programs.Client, "-dial-names", "-timeout=5s", "-backends=no-such-name.invalid=127.0.0.1:1")
	p.wantExit(t, 1)
	p.wantStderr(t, "-dial-names: lookup no-such-name.invalid", "/etc/hosts")
}

func TestCertificatesFromFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "go", "run", "github.com/grpc-balancer2/balancer2/certs/generate", "-out", dir).CombinedOutput(); err != nil {
		t.Fatalf("generate certificates: %v\n%s", err, out)
	}
	p := run(t, programs.AllInOne, "-certs", dir, "-backends", twoBackends, longTimeout)
	p.wantExit(t, 0)
	checkDocumented(t, p.Stdout.String(), 10)

	_, backends := startServers(t, "-certs", dir)
	for _, trust := range []string{"-certs=" + dir, "-ca=" + filepath.Join(dir, "ca.crt")} {
		client := run(t, programs.Client, trust, "-backends", backends, longTimeout)
		client.wantExit(t, 0)
		checkDocumented(t, client.Stdout.String(), 10)
	}
	client := run(t, programs.Client, "-backends", backends, longTimeout)
	client.wantExit(t, 1)
	client.wantStderr(t, "could not greet", "certificate signed by unknown authority")

	if err := os.Remove(filepath.Join(dir, "member2.etcd.local.key")); err != nil {
		t.Fatal(err)
	}
	server := run(t, programs.Server, "-certs", dir, "-backends", twoBackends)
	server.wantExit(t, 1)
	server.wantStderr(t, filepath.Join(dir, "member2.etcd.local.key"), "certs/generate")
}

func TestMissingFiles(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "missing")
	tests := []struct {
		program string
		args    []string
		want    string
	}{
		{programs.Server, []string{"-certs", missing}, missing},
		{programs.AllInOne, []string{"-certs", missing}, missing},
		{programs.Client, []string{"-certs", missing}, missing},
		{programs.Client, []string{"-ca", missing}, missing},
		{programs.Client, []string{"-backends-file", missing}, missing},
		{programs.Server, []string{"-backends=member9.etcd.local=127.0.0.1:0"}, "there are certificates for: member1.etcd.local"},
	}
	for _, test := range tests {
		p := run(t, test.program, test.args...)
		p.wantExit(t, 1)
		p.wantStderr(t, test.want)
	}
}

// Only gRPC can check the policy's part of a service config.
func TestServiceConfigThatThePolicyRefuses(t *testing.T) {
	t.Parallel()
	const wrong = `{"loadBalancingConfig":[{"pick_first2":{"shuffleAddressList":1}}]}`
	for _, program := range []string{programs.Client, programs.AllInOne} {
		p := run(t, program, "-policies", wrong)
		p.wantExit(t, 2)
		p.wantStderr(t, "-policies", "grpc: the provided default service config is invalid", "pick_first2", "shuffleAddressList", "load_balancing", "-h lists all flags")
		if p.Stdout.String() != "" {
			t.Errorf("stdout is not empty:\n%s", &p.Stdout)
		}
	}
}
