package channeltest

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// Port is a listening socket that a test holds to its end: while the server
// behind it is down, nobody else can get it. Connections are cut then.
type Port struct {
	lis      net.Listener
	accepted atomic.Int32

	mu sync.Mutex // guards up
	up *opened    // the last one opened
}

// NewPort returns a loopback port that is free, and closes it with the test.
func NewPort(t testing.TB) *Port {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	p := &Port{lis: lis}
	var running sync.WaitGroup
	running.Go(p.run)
	t.Cleanup(func() {
		_ = lis.Close()
		running.Wait()
	})
	return p
}

// Addr returns the port's address.
func (p *Port) Addr() net.Addr { return p.lis.Addr() }

// Accepted returns how many connections there were, cut ones included.
func (p *Port) Accepted() int { return int(p.accepted.Load()) }

// Open returns the listener of a server. It gets the port's connections until
// it is closed.
func (p *Port) Open() net.Listener {
	closed := make(chan struct{})
	up := &opened{addr: p.Addr(), conns: make(chan net.Conn), closed: closed, shut: sync.OnceFunc(func() { close(closed) })}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.up = up
	return up
}

func (p *Port) run() {
	for {
		conn, err := p.lis.Accept()
		if err != nil {
			return // closed
		}
		p.accepted.Add(1)
		p.mu.Lock()
		up := p.up
		p.mu.Unlock()
		if up == nil || !up.give(conn) {
			_ = conn.Close()
		}
	}
}

type opened struct {
	addr   net.Addr
	conns  chan net.Conn
	closed chan struct{}
	shut   func()
}

func (o *opened) give(conn net.Conn) bool {
	select {
	case o.conns <- conn:
		return true
	case <-o.closed:
		return false
	}
}

func (o *opened) Accept() (net.Conn, error) {
	select {
	case conn := <-o.conns:
		return conn, nil
	case <-o.closed:
		return nil, net.ErrClosed
	}
}

func (o *opened) Addr() net.Addr { return o.addr }

func (o *opened) Close() error {
	o.shut()
	return nil
}
