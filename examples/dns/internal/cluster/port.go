package cluster

import (
	"errors"
	"fmt"
	"net"
	"strconv"
)

// maxPods is the number of addresses from 127.0.0.2 to 127.0.0.254.
const maxPods = 253

// listen opens the same free port on n loopback addresses, starting at 127.0.0.2. A DNS
// record has no port, so all pods of a service must use the same one. It opens all
// listeners now, because another program could take a free port before its pod starts.
func listen(n int) ([]net.Listener, error) {
	if n < 1 || n > maxPods {
		return nil, fmt.Errorf("listen for %d pods: want 1 to %d", n, maxPods)
	}
	var err error
	for range 50 {
		var listeners []net.Listener
		if listeners, err = tryListen(n); err == nil {
			return listeners, nil
		}
	}
	return nil, fmt.Errorf("no port is free on all of 127.0.0.2 to 127.0.0.%d; systems other than Linux must be given these addresses first (sudo ifconfig lo0 alias 127.0.0.2 up, and so on): %w", n+1, err)
}

func tryListen(n int) ([]net.Listener, error) {
	var listeners []net.Listener
	port := 0
	for i := range n {
		l, err := net.Listen("tcp", net.JoinHostPort(ip(i).String(), strconv.Itoa(port)))
		if err != nil {
			return nil, errors.Join(err, closeAll(listeners))
		}
		listeners = append(listeners, l)
		port = l.Addr().(*net.TCPAddr).Port
	}
	return listeners, nil
}

func ip(i int) net.IP { return net.IPv4(127, 0, 0, byte(2+i)) }

func closeAll(listeners []net.Listener) error {
	var errs []error
	for _, l := range listeners {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}
