package cluster

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// freePorts returns ports that nobody listens on. They are below those that
// kernels hand out, so that no outgoing connection takes the port of a member
// while it is down.
func freePorts(n int) ([]string, error) {
	const low, high = 10_000, 30_000
	var ports []string
	taken := make(map[int]bool)
	for range 100 * n {
		if len(ports) == n {
			return ports, nil
		}
		port := low + rand.IntN(high-low)
		if taken[port] {
			continue
		}
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		listener.Close()
		taken[port] = true
		ports = append(ports, strconv.Itoa(port))
	}
	return nil, fmt.Errorf("find %d free ports on 127.0.0.1 from %d to %d: there are none; end what listens there", n, low, high)
}
