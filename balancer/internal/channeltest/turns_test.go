package channeltest_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc/credentials/insecure"

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
)

// A turn lasts until the server's first frame has come, or the connection is closed.
func TestConnectionsShakeHandsInTurn(t *testing.T) {
	t.Parallel()
	for name, finish := range map[string]func(client, server net.Conn){
		"answered": func(client, server net.Conn) {
			go func() { _, _ = server.Write([]byte("x")) }()
			_, _ = client.Read(make([]byte, 1))
		},
		"closed": func(client, _ net.Conn) { _ = client.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				creds := channeltest.InTurn(insecure.NewCredentials())
				raw, server := net.Pipe()
				defer raw.Close()
				defer server.Close()
				first, _, err := creds.ClientHandshake(t.Context(), "", raw)
				if err != nil {
					t.Fatalf("first handshake: %v", err)
				}

				gaveUp, cancel := context.WithCancel(t.Context())
				cancel()
				if _, _, err := creds.ClientHandshake(gaveUp, "", raw); !errors.Is(err, context.Canceled) {
					t.Errorf("handshake after giving up: %v, want %v", err, context.Canceled)
				}

				second := false
				go func() {
					_, _, err := creds.Clone().ClientHandshake(t.Context(), "", raw)
					second = err == nil
				}()
				synctest.Wait()
				if second {
					t.Error("the second handshake did not wait for its turn")
				}
				finish(first, server)
				synctest.Wait()
				if !second {
					t.Error("the second handshake still waits, or failed")
				}
			})
		})
	}
}
