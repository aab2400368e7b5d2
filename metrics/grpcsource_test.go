package metrics_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path"
	"strings"
	"testing"
)

// eachFileOfGRPC calls f with the path and the content of each Go file of the grpc-go
// version in use, whichever packages a program imports, but not with its tests. Paths
// are relative and have slashes.
func eachFileOfGRPC(t *testing.T, f func(name string, content []byte)) {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("the test was built elsewhere, there is no go command here: ", err)
	}
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "google.golang.org/grpc").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	source := os.DirFS(strings.TrimSpace(string(out)))
	err = fs.WalkDir(source, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return err
		}
		content, err := fs.ReadFile(source, name)
		f(name, content)
		return err
	})
	if err != nil {
		t.Fatalf("read the source of grpc-go: %v", err)
	}
}
