package channeltest

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// Port is a listening socket that stays open until the test ends, so that no other
// program can take the port while its server is down. In that time the Port cuts
// each new connection.
type Port struct {
	lis      net.Listener
	accepted atomic.Int32

	mu       sync.Mutex // guards listener
	listener *listener  // the last one that Open returned; nil before
}

// NewPort opens a free loopback port. It closes when the test ends.
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

// Accepted returns the number of connections so far, including those that it cut.
func (p *Port) Accepted() int { return int(p.accepted.Load()) }

// Open returns a listener for a server. The listener gets the port's connections
// until it is closed, or until the next Open.
func (p *Port) Open() net.Listener {
	closed := make(chan struct{})
	l := &listener{addr: p.Addr(), conns: make(chan net.Conn), closed: closed, close: sync.OnceFunc(func() { close(closed) })}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listener = l
	return l
}

func (p *Port) run() {
	for {
		conn, err := p.lis.Accept()
		if err != nil {
			return // the test has ended
		}
		p.accepted.Add(1)
		p.mu.Lock()
		l := p.listener
		p.mu.Unlock()
		if l == nil || !l.give(conn) {
			_ = conn.Close()
		}
	}
}

type listener struct {
	addr   net.Addr
	conns  chan net.Conn
	closed chan struct{}
	close  func()
}

// give passes a connection to Accept. It returns false if the listener is closed.
func (l *listener) give(conn net.Conn) bool {
	select {
	case l.conns <- conn:
		return true
	case <-l.closed:
		return false
	}
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Addr() net.Addr { return l.addr }

func (l *listener) Close() error {
	l.close()
	return nil
}
