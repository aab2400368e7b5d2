package echoserver

import (
	"fmt"
	"net"
	"os"
)

// ListenAnywhere opens the port of the address. If the port is not free, it opens
// any other port and says so on stderr. It is for [Config.Listen].
func ListenAnywhere(addr string) (net.Listener, error) {
	listener, err := net.Listen("tcp", addr)
	if err == nil {
		return listener, nil
	}
	host, _, splitErr := net.SplitHostPort(addr)
	if splitErr != nil {
		return nil, splitErr
	}
	anywhere, anywhereErr := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if anywhereErr != nil {
		return nil, anywhereErr
	}
	fmt.Fprintf(os.Stderr, "%v; using %s instead\n", err, anywhere.Addr())
	return anywhere, nil
}
