// Package ports finds ports for servers that restart at the same address.
package ports

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// The ports are below the range from which kernels assign ports. So while a server
// is down, no outgoing connection and no server on port 0 takes its port.
const low, high = 10_000, 30_000

// Free returns n addresses of 127.0.0.1 with different free ports. The ports are
// random, so programs that ask at the same time rarely get the same ones.
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
