package backend_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/backend"
)

func TestParse(t *testing.T) {
	t.Parallel()
	tests := map[string][]backend.Backend{
		"a.local=127.0.0.1:50051": {{Name: "a.local", Addr: "127.0.0.1:50051"}},
		"a=[::1]:1, b=localhost:65535": {
			{Name: "a", Addr: "[::1]:1"},
			{Name: "b", Addr: "localhost:65535"},
		},
		"any=127.0.0.1:0,any=127.0.0.1:00": {
			{Name: "any", Addr: "127.0.0.1:0"},
			{Name: "any", Addr: "127.0.0.1:0"},
		},
		"leading-zero=127.0.0.1:0080": {{Name: "leading-zero", Addr: "127.0.0.1:80"}},
	}
	for list, want := range tests {
		got, err := backend.Parse(list)
		if err != nil {
			t.Errorf("%q: %v", list, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", list, diff)
		}
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"":                                "no = between",
		"127.0.0.1:50051":                 "want NAME=HOST:PORT",
		"a=127.0.0.1:1,":                  "no = between",
		"=127.0.0.1:1":                    "name is empty",
		"../../etc/a=127.0.0.1:1":         "cannot be in a DNS name",
		"a b=127.0.0.1:1":                 "cannot be in a DNS name",
		"a=127.0.0.1":                     "missing port",
		"a=:50051":                        "host",
		"a=x y:50051":                     "host",
		"a=127.0.0.1:":                    "port",
		"a=127.0.0.1:65536":               "from 0 to 65535",
		"a=127.0.0.1:-1":                  "from 0 to 65535",
		"a=127.0.0.1:http":                "from 0 to 65535",
		"a=::1:50051":                     "too many colons",
		"a=127.0.0.1:1,b=127.0.0.1:1":     "listed twice",
		"a=127.0.0.1:1,b=127.0.0.1:00001": "listed twice",
	}
	for list, want := range tests {
		got, err := backend.Parse(list)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, error %v, want one that says %q", list, got, err, want)
		}
	}
}

func TestPort(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{"127.0.0.1:50051": "50051", "[::1]:0": "0"} {
		if got := (backend.Backend{Addr: addr}).Port(); got != want {
			t.Errorf("port of %s is %q, want %q", addr, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"member1.etcd.local=127.0.0.1:50051,member2.etcd.local=127.0.0.1:50052",
		"a=[::1]:0, b=localhost:0", "a=127.0.0.1:1,b=127.0.0.1:1", "a=b=c:1", "a=[fe80::1%eth0]:1", "=,:", "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, list string) {
		backends, err := backend.Parse(list)
		if err != nil {
			return
		}
		if len(backends) == 0 {
			t.Fatalf("%q: neither a backend nor an error", list)
		}
		again, err := backend.Parse(backend.Format(backends))
		if err != nil {
			t.Fatalf("%q was read as %q, which is refused: %v", list, backend.Format(backends), err)
		}
		if diff := cmp.Diff(backends, again); diff != "" {
			t.Fatalf("%q reads differently the second time:\n%s", list, diff)
		}
	})
}
