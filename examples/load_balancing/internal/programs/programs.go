// Package programs builds the programs of this example, for tests that run them
// like users.
package programs

import (
	"fmt"
	"os"
	"os/exec"

	// A test that imports this package is run again when these change.
	_ "github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/calls"
	_ "github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/cli"
	_ "github.com/grpc-balancer2/balancer2/examples/load_balancing/internal/echoserver"
)

// Names of the programs' files.
const (
	AllInOne = "load_balancing"
	Client   = "client"
	Server   = "server"
)

// Build builds all programs into dir, with the race detector if the test has it.
// root is the path of examples/load_balancing.
func Build(dir, root string) error {
	const example = "github.com/grpc-balancer2/balancer2/examples/load_balancing"
	args := append([]string{"build", "-o", dir}, raceFlag...)
	args = append(args, example, example+"/"+Client, example+"/"+Server)
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("build the example: %w\n%s", err, out)
	}
	// go test caches a result until a file that the test has read changes.
	for _, file := range []string{"/main.go", "/client/main.go", "/server/main.go"} {
		if _, err := os.ReadFile(root + file); err != nil {
			return err
		}
	}
	return nil
}
