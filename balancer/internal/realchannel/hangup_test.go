package realchannel_test

import (
	"net"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// HTTP/2 frames that a server may send before it closes the connection.
const (
	settingsFrame = "\x00\x00\x00\x04\x00\x00\x00\x00\x00"
	goAwayFrame   = "\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
)

// hangUp accepts connections, writes frames to each, and closes it.
func hangUp(lis net.Listener, frames string) {
	for {
		conn, err := lis.Accept()
		if err != nil {
			return
		}
		_, _ = conn.Write([]byte(frames))
		_ = conn.Close()
	}
}

// To gRPC such a server works: each connection is READY for a moment, so gRPC does
// not back off. grpc-go's round_robin connects to it hundreds of times per second.
func TestServersThatHangUpAreNotStormed(t *testing.T) {
	t.Parallel()
	for name, frames := range map[string]string{"SETTINGS": settingsFrame, "GOAWAY": settingsFrame + goAwayFrame} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := channeltest.Context(t)
			p := channeltest.NewPort(t)
			lis := p.Open()
			var serving sync.WaitGroup
			serving.Go(func() { hangUp(lis, frames) })
			t.Cleanup(func() {
				_ = lis.Close()
				serving.Wait()
			})
			c := channeltest.NewClient(t, roundrobin2.Name, "")
			c.Resolver.InitialState(resolver.State{Addresses: []resolver.Address{{Addr: p.Addr().String()}}})
			c.Connect(grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultServiceConfig(roundrobin2.ServiceConfig))
			// During the pause before the next connection RPCs fail with this message.
			const want = "the last 6 connections were each lost within 1s; the next attempt follows in "
			var err error
			if !channeltest.Poll(ctx, func() bool {
				_, err = c.Call(ctx)
				return status.Code(err) == codes.Unavailable && strings.Contains(err.Error(), want)
			}) {
				t.Fatalf("the last RPC: %v after %d connections, want Unavailable with %q", err, p.Accepted(), want)
			}
		})
	}
}
