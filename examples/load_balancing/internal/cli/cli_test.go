package cli

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/backend"
)

// runTest runs a program only to see how it handles its flags.
func runTest(p Program, args []string, do func(*Flags) error) (status int, stdout, stderr string) {
	var out, errs strings.Builder
	status = p.run(args, &out, &errs, do)
	return status, out.String(), errs.String()
}

// A usage error names the flag and says what to do. It ends the program before its
// work starts.
func TestUsageErrors(t *testing.T) {
	t.Parallel()
	programs := map[string]Program{"server": Server, "client": Client, "all": AllInOne}
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
		{"client all", "-keep -metrics-addr=127.0.0.1:99999", []string{"-metrics-addr", `"99999" is not a port`, "up to 65535"}},
		{"client all", "-keep -metrics-addr=127.0.0.1:-1", []string{"-metrics-addr", `"-1" is not a port`}},
		{"client all", "-keep -rate=0", []string{"-rate 0", "above 0"}},
		{"client all", "-keep -rate=-1", []string{"-rate -1", "above 0"}},
		{"client all", "-keep -rate=NaN", []string{"-rate NaN", "above 0"}},
		{"client all", "-keep -rate=1e9", []string{"-rate 1e+09", "up to 10000"}},
		{"client all", "-n=0", []string{"-n 0", "at least one"}},
		{"client all", "-n=many", []string{"-n", `"many"`}},
		{"client all", "-timeout=1", []string{"-timeout", "give a time with its unit, such as 500ms, 1s"}},
		{"client all", "-timeout=0s", []string{"-timeout 0s", "above zero"}},
		{"client all", "-timeout=-1s", []string{"-timeout -1s", "above zero"}},
		{"client all", "-policies=pick_first3", []string{"pick_first3", "pick_first2, round_robin2", "import its package"}},
		{"client all", "-policies=round_robin2,round_robin2", []string{"-policies", "chosen twice"}},
	}
	for _, test := range tests {
		for program := range strings.FieldsSeq(test.programs) {
			t.Run(program+" "+test.args, func(t *testing.T) {
				t.Parallel()
				status, stdout, stderr := runTest(programs[program], strings.Fields(test.args), func(*Flags) error {
					t.Error("the program began")
					return nil
				})
				if status != 2 || stdout != "" {
					t.Errorf("exit status %d, want 2; stdout %q, want it empty", status, stdout)
				}
				for _, want := range append(test.want, "load_balancing", "-h lists all flags") {
					if !strings.Contains(stderr, want) {
						t.Errorf("stderr does not say %q:\n%s", want, stderr)
					}
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
		program Program
		want    []string
	}{
		{Server, servers},
		{Client, slices.Concat(clients, []string{"-ca ", "-backends-file "})},
		{AllInOne, clients},
	}
	for _, test := range tests {
		status, stdout, stderr := runTest(test.program, []string{"-h"}, func(*Flags) error {
			t.Error("the program began")
			return nil
		})
		if status != 0 || stderr != "" {
			t.Errorf("exit status %d, want 0; stderr %q, want it empty", status, stderr)
		}
		for _, flag := range test.want {
			if !strings.Contains(stdout, "\n  "+flag) {
				t.Errorf("no flag %s in:\n%s", flag, stdout)
			}
		}
	}
}

func TestAnnouncedBackends(t *testing.T) {
	t.Parallel()
	backends := []backend.Backend{
		{Name: "member1.etcd.local", Addr: "127.0.0.1:50051"},
		{Name: "member2.etcd.local", Addr: "[::1]:50052"},
	}
	tests := map[string][]backend.Backend{
		"":                     backends,
		"-server-name=address": backends,
		"-server-name=channel": {{Addr: "127.0.0.1:50051"}, {Addr: "[::1]:50052"}},
		"-dial-names": {
			{Name: "member1.etcd.local", Addr: "member1.etcd.local:50051"},
			{Name: "member2.etcd.local", Addr: "member2.etcd.local:50052"},
		},
		"-dial-names -server-name=channel": {{Addr: "member1.etcd.local:50051"}, {Addr: "member2.etcd.local:50052"}},
	}
	for args, want := range tests {
		status, _, stderr := runTest(Client, strings.Fields(args), func(f *Flags) error {
			if diff := cmp.Diff(want, f.Announced(backends)); diff != "" {
				t.Errorf("%q (-want +got):\n%s", args, diff)
			}
			return nil
		})
		if status != 0 || stderr != "" {
			t.Errorf("%q: exit status %d and %q on stderr, want neither", args, status, stderr)
		}
	}
}

func TestExitStatuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		err    error
		status int
		stderr string
	}{
		{nil, 0, ""},
		{ErrReported, 1, ""},
		{errors.New("serve: no"), 1, "load_balancing/server: serve: no\n"},
		{NewUsageError(errors.New("-x: no")), 2, "load_balancing/server: -x: no\nThe flag -h lists all flags.\n"},
	}
	for _, test := range tests {
		status, stdout, stderr := runTest(Server, nil, func(*Flags) error { return test.err })
		if status != test.status || stdout != "" || stderr != test.stderr {
			t.Errorf("%v: exit status %d, stdout %q, stderr %q; want %d, nothing and %q", test.err, status, stdout, stderr, test.status, test.stderr)
		}
	}
}
