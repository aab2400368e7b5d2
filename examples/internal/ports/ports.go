// Package ports finds ports for servers that are stopped and come back where they
// were.
package ports

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// The ports are below those that kernels hand out, so that no outgoing connection
// and no server on any port takes one while its server is down.
const low, high = 10_000, 30_000

// Free returns n addresses of 127.0.0.1, with different ports that nobody listens
// on. They are random, so that programs that ask at the same time seldom get the
// same.
func Free(n int) ([]string, error) {
	var addrs []string
	taken := make(map[int]bool)
	for range 100 * n {
		if len(addrs) == n {
			return addrs, nil
		}
		port := low + rand.IntN(high-low)
		if taken[port] {
			continue
		}
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		addrs = append(addrs, listener.Addr().String())
		listener.Close()
		taken[port] = true
	}
	return nil, fmt.Errorf("find %d free ports on 127.0.0.1 from %d to %d: there are none; end what listens there", n, low, high)
}
