package channeltest_test

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/balancer/internal/channeltest"
)

func TestAServerThatIsDownKeepsItsPortAndCutsConnections(t *testing.T) {
	t.Parallel()
	s := channeltest.StartServers(t, 1)[0]
	s.Kill()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.Addr)
	if err != nil {
		t.Fatalf("dial the port of a server that is down: %v", err)
	}
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(channeltest.Deadline))
	if n, err := conn.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("read %d bytes, %v; want the connection cut", n, err)
	}
	if got := s.Port.Accepted(); got != 1 {
		t.Errorf("%d connections were accepted, want 1", got)
	}
}
