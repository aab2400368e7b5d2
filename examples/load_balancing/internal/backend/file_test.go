package backend_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/backend"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestReadFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "backends")
	write(t, path, "# the first two\na=127.0.0.1:1\r\n\n  b=[::1]:2\t\n\n#c=127.0.0.1:3\nd=127.0.0.1:4")
	got, err := backend.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := []backend.Backend{{Name: "a", Addr: "127.0.0.1:1"}, {Name: "b", Addr: "[::1]:2"}, {Name: "d", Addr: "127.0.0.1:4"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("backends (-want +got):\n%s", diff)
	}
}

func TestReadFileSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "backends")
	if _, err := backend.ReadFile(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: error %v, want %v", err, fs.ErrNotExist)
	}
	tests := map[string]string{
		"":                             "no backend; want NAME=HOST:PORT, one on each line",
		"# a=127.0.0.1:1\n":            "no backend",
		"a=127.0.0.1:1\nb\n":           `"b": no = between name and address; want NAME=HOST:PORT, one on each line`,
		"a=127.0.0.1:1,b=127.0.0.1:2":  "too many colons",
		"a=127.0.0.1:1\nb=127.0.0.1:1": "listed twice",
		"a=127.0.0.1:0":                "a=127.0.0.1:0 has port 0",
	}
	for text, want := range tests {
		write(t, path, text)
		got, err := backend.ReadFile(path)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), path) {
			t.Errorf("%q: got %v, error %v, want one that says %q and where", text, got, err, want)
		}
	}
}

// told is what Watch says, in short.
func told(backends []backend.Backend, err error) string {
	if err != nil {
		return "error"
	}
	return backend.Format(backends)
}

func TestWatchTellsEachChangeOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "backends")
	const one, two = "a=127.0.0.1:1", "b=127.0.0.1:2"
	write(t, path, one)
	known, err := backend.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		said := make(chan string, 10)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			backend.Watch(ctx, path, known, func(backends []backend.Backend, err error) {
				said <- told(backends, err)
			})
		}()
		step := func(what, text string, want ...string) {
			t.Helper()
			if text == "" {
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
			} else {
				write(t, path, text)
			}
			time.Sleep(3 * backend.PollInterval)
			synctest.Wait()
			var got []string
			for len(said) > 0 {
				got = append(got, <-said)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", what, diff)
			}
		}
		step("nothing new", one)
		step("a comment", "# hello\n"+one)
		step("one more", one+"\n"+two, one+","+two)
		step("one less", two, two)
		step("no file", "", "error")
		step("another error", "nonsense", "error")
		step("the same list again", two, two)
		cancel()
		<-ended
	})
}
