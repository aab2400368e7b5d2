package documents_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// An empty module with a program of README.md, and its commands, become a program that
// runs.
func TestAModuleCanUseTheClone(t *testing.T) {
	t.Parallel()
	readme := filesOf(t, "README.md")["README.md"]
	edit := regexp.MustCompile(`(?m)^go mod edit -require .*=/path/to/the/clone$`).FindString(readme)
	clone, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	const program = `package main

import (
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	_ "github.com/grpc-balancer2/balancer2/balancer"
)

func main() {
	conn, err := grpc.NewClient("dns:///echo.example.com:50051", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(` + "`" + `{"loadBalancingConfig": [{"round_robin2": {}}]}` + "`" + `))
	fmt.Println(conn.Target(), err)
}
`
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"go mod init example.com/mine", edit, "go mod tidy", "go run ."} {
		args := strings.Fields(line)
		for i := range args {
			args[i] = strings.Replace(args[i], "/path/to/the/clone", clone, 1)
		}
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
		if line == "go run ." && string(out) != "dns:///echo.example.com:50051 <nil>\n" {
			t.Errorf("the program prints %q", out)
		}
	}
}
