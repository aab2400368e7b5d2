package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grpc-balancer2/balancer2/certs"
)

func TestRunWritesAWholeNewSet(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new")
	var log bytes.Buffer
	if err := run(dir, &log); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Count(log.String(), dir), 1+2*len(members); got != want {
		t.Errorf("%d files reported, want %d:\n%s", got, want, &log)
	}
	set, err := certs.Dir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := set.ClientConfig(); err != nil {
		t.Error(err)
	}
	for _, name := range members {
		config, err := set.ServerConfig(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if err := config.Certificates[0].Leaf.VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
	key, err := os.Stat(filepath.Join(dir, members[0]+".key"))
	if err != nil {
		t.Fatal(err)
	}
	if key.Mode().Perm()&0o077 != 0 {
		t.Errorf("mode of a private key is %v, want it readable by its owner only", key.Mode())
	}
}

func TestRunNamesTheFileThatItCannotWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "ca.crt"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := run(dir, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "generate: write ca.crt") {
		t.Errorf("error %v, want one that names ca.crt", err)
	}
}

func TestHelpNamesTheCommandToRun(t *testing.T) {
	t.Parallel()
	flags, _ := newFlags()
	var help strings.Builder
	flags.SetOutput(&help)
	flags.Usage()
	if want := "Usage: go run ./certs/generate [flags]\n\n  -out directory\n"; !strings.HasPrefix(help.String(), want) {
		t.Errorf("help is %q, want it to begin with %q", &help, want)
	}
}
