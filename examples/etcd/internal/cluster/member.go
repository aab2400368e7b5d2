package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/etcdclient"
	"github.com/grpc-balancer2/balancer2/examples/internal/wait"
)

// Member is a member of a cluster. It is not safe for concurrent use.
type Member struct {
	program string // etcd; "" for the embedded server
	spec    spec
	cmd     *exec.Cmd
	stdin   io.Closer
	exited  chan struct{} // closed when the process has ended
	how     string        // it ended, and what it said; read it once exited is closed
}

// Name returns the name in the member's certificate.
func (m *Member) Name() string { return m.spec.Name }

// Endpoint returns the member's URL with its name.
func (m *Member) Endpoint() string { return m.spec.ClientURL }

// AddressEndpoint returns the member's URL with its IP address.
func (m *Member) AddressEndpoint() string { return m.spec.ListenURL }

// Backend returns the member's label grpc_lb_backend: the address of its Endpoint.
func (m *Member) Backend() string { return hostPort(m.spec.ClientURL) }

// AddressBackend returns that label for a client of the AddressEndpoint.
func (m *Member) AddressBackend() string { return hostPort(m.spec.ListenURL) }

func hostPort(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		panic(err) // the URL is made in this package
	}
	return u.Host
}

// Start starts the member's process. It uses the data of the previous process.
func (m *Member) Start() error {
	var said tail
	cmd, err := m.command(&said)
	if err != nil {
		return fmt.Errorf("start %s: %w", m.Name(), err)
	}
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
		_ = cmd.Wait() // the process's state says more
		m.how = strings.TrimSpace(cmd.ProcessState.String() + " " + string(said.text))
	}()
	return nil
}

// command returns a command that runs the program etcd, or this program as a member. The
// output goes to said and is not printed, because etcd warns of each lost connection.
func (m *Member) command(said io.Writer) (*exec.Cmd, error) {
	if m.program != "" {
		cmd := exec.Command(m.program, m.spec.args()...)
		cmd.Stderr = said
		cmd.SysProcAttr = endsWithParent()
		return cmd, nil
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
	cmd.Stderr = os.Stderr
	cmd.Env = append(os.Environ(), memberEnv+"="+string(text))
	return cmd, nil
}

// Kill kills the process with SIGKILL and waits until it has ended.
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

// WaitServing waits until the member answers a linearizable read. It can do so only once
// it has caught up with the others.
func (m *Member) WaitServing(ctx context.Context) error {
	client, err := etcdclient.New([]string{m.Endpoint()})
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }() // it only says that its context ended
	var last error
	err = wait.Until(ctx, m.Name()+" serves", func() (bool, error) {
		try, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		if _, last = client.Get(try, "serving"); last == nil {
			return true, nil
		}
		select {
		case <-m.exited:
			return false, fmt.Errorf("its process has ended: %s", m.how)
		default:
			return false, nil
		}
	})
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("%w; last error: %w", err, last)
	}
	return err
}

// tail is a writer that keeps the end of what is written to it.
type tail struct{ text []byte }

// Write implements [io.Writer].
func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-2000):]
	return len(p), nil
}
