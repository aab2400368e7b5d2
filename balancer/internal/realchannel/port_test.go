package realchannel_test

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// port is a listening socket that a test holds to its end: no other test can
// get it while the server behind it is down. Connections are cut then.
type port struct {
	net.Listener
	accepted atomic.Int32 // connections, cut ones included

	mu sync.Mutex // guards up
	up *opened    // the last one opened
}

func newPort(t testing.TB) *port {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	p := &port{Listener: lis}
	var running sync.WaitGroup
	running.Go(p.run)
	t.Cleanup(func() {
		_ = lis.Close()
		running.Wait()
	})
	return p
}

func (p *port) run() {
	for {
		conn, err := p.Accept()
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

// open returns the listener of a server, which gets the port's connections
// until it closes it.
func (p *port) open() net.Listener {
	closed := make(chan struct{})
	up := &opened{addr: p.Addr(), conns: make(chan net.Conn), closed: closed, shut: sync.OnceFunc(func() { close(closed) })}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.up = up
	return up
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
