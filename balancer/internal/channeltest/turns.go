package channeltest

import (
	"context"
	"net"
	"sync"

	"google.golang.org/grpc/credentials"
)

// turns are the credentials of a channel that makes one connection at a time: the next
// handshake waits until the server's first frame has come. On a busy machine a handshake
// takes longer than the 250 ms by which pick_first2 tries the first address sooner, and
// the second would win.
type turns struct {
	credentials.TransportCredentials
	token chan struct{} // holds one while a connection has its turn
}

func inTurn(creds credentials.TransportCredentials) credentials.TransportCredentials {
	return &turns{creds, make(chan struct{}, 1)}
}

// ClientHandshake implements [credentials.TransportCredentials].
func (t *turns) ClientHandshake(ctx context.Context, authority string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	select {
	case t.token <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	end := sync.OnceFunc(func() { <-t.token })
	conn, info, err := t.TransportCredentials.ClientHandshake(ctx, authority, raw)
	if err != nil {
		end()
		return nil, nil, err
	}
	return &turnConn{conn, end}, info, nil
}

// Clone implements [credentials.TransportCredentials].
func (t *turns) Clone() credentials.TransportCredentials {
	return &turns{t.TransportCredentials.Clone(), t.token}
}

// turnConn ends its turn at the first Read that returns, or when it is closed.
type turnConn struct {
	net.Conn
	end func()
}

func (c *turnConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.end()
	return n, err
}

func (c *turnConn) Close() error {
	c.end()
	return c.Conn.Close()
}
