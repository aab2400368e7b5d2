package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
)

// Member is one member of a cluster. Its methods are for one goroutine.
type Member struct {
	program string // etcd; "" for the embedded server
	spec    spec
	cmd     *exec.Cmd
	stdin   io.Closer
	exited  chan struct{} // closed when the process has ended
	err     error         // how; to be read after exited
}

// Name is the name in the member's certificate.
func (m *Member) Name() string { return m.spec.Name }

// Endpoint is the member's URL with its name.
func (m *Member) Endpoint() string { return m.spec.ClientURL }

// AddressEndpoint is the member's URL with its IP address in place of its name.
func (m *Member) AddressEndpoint() string { return m.spec.ListenURL }

// Backend is what the metrics call the member: the address of its endpoint.
func (m *Member) Backend() string { return hostPort(m.spec.ClientURL) }

// AddressBackend is what the metrics call the member of an AddressEndpoint.
func (m *Member) AddressBackend() string { return hostPort(m.spec.ListenURL) }

func hostPort(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		panic(err) // the URL is made in this package
	}
	return u.Host
}

// Start starts the member's process, with the data that it had before.
func (m *Member) Start() error {
	cmd, err := m.command()
	if err != nil {
		return fmt.Errorf("start %s: %w", m.Name(), err)
	}
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("start %s: %w", m.Name(), err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", m.Name(), err)
	}
	exited := make(chan struct{})
	m.cmd, m.stdin, m.exited = cmd, stdin, exited
	go func() {
		defer close(exited)
		m.err = cmd.Wait()
	}()
	return nil
}

// command is etcd's, or this program's again, as a member.
func (m *Member) command() (*exec.Cmd, error) {
	if m.program != "" {
		return exec.Command(m.program, m.spec.args()...), nil
	}
	text, err := json.Marshal(m.spec)
	if err != nil {
		return nil, err
	}
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), memberEnv+"="+string(text))
	return cmd, nil
}

// Kill ends the process as kill -9 does, and waits for its end.
func (m *Member) Kill() error {
	if m.cmd == nil {
		return nil
	}
	if err := m.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill %s: %w", m.Name(), err)
	}
	<-m.exited
	m.stdin.Close()
	m.cmd = nil
	return nil
}
