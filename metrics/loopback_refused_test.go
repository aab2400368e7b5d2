package metrics_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// gRPC does not tell a policy whether it transparently retries a refused attempt. It
// does so for the first attempt of an RPC. So each attempt counts.
func TestAttemptsThatTheServerRefusesCountEach(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	lis := s.listen(t)
	var refusing sync.WaitGroup
	t.Cleanup(func() {
		_ = lis.Close()
		refusing.Wait()
	})
	refusing.Go(func() {
		for {
			conn, err := lis.Accept()
			if err != nil {
				return
			}
			refusing.Go(func() { refuseStreams(conn) })
		}
	})
	c := newClient(t, configOf("metered_round_robin"), s)
	t.Cleanup(func() { _ = c.conn.Close() }) // must run before the wait for refuseStreams
	for range 3 {
		if got := c.invoke(t.Context(), grpc.WaitForReady(true)); got != codes.Unavailable {
			t.Errorf("RPC: %v, want Unavailable", got)
		}
	}
	got := c.scrape(t)
	got.checkLaws(t)
	if n := got.nonzero()["rpc_attempts_total "+s.addr+" UNAVAILABLE"]; n != 6 {
		t.Errorf("attempts that were Unavailable = %v, want 6, two for each RPC", n)
	}
	if n := got.sum("repicks_total"); n != 0 {
		t.Errorf("repicks = %v, want 0", n)
	}
}

// refuseStreams answers each stream of an HTTP/2 connection with a RST_STREAM frame
// with the error REFUSED_STREAM.
func refuseStreams(conn net.Conn) {
	defer conn.Close()
	const (
		headers, rstStream, settings = 1, 3, 4
		ack                          = 1
		refusedStream                = 7
	)
	write := func(kind, flags byte, stream uint32, payload []byte) {
		frame := []byte{0, 0, byte(len(payload)), kind, flags}
		frame = binary.BigEndian.AppendUint32(frame, stream)
		_, _ = conn.Write(append(frame, payload...))
	}
	preface := make([]byte, len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
	if _, err := io.ReadFull(conn, preface); err != nil {
		return
	}
	write(settings, 0, 0, nil)
	for {
		var head [9]byte
		if _, err := io.ReadFull(conn, head[:]); err != nil {
			return
		}
		length := int64(head[0])<<16 | int64(head[1])<<8 | int64(head[2])
		if _, err := io.CopyN(io.Discard, conn, length); err != nil {
			return
		}
		switch kind, flags := head[3], head[4]; {
		case kind == settings && flags&ack == 0:
			write(settings, ack, 0, nil)
		case kind == headers:
			write(rstStream, 0, binary.BigEndian.Uint32(head[5:]), binary.BigEndian.AppendUint32(nil, refusedStream))
		}
	}
}

// trailerWatch is a stats handler that signals when a stream's trailer arrives.
type trailerWatch struct {
	audit
	came chan struct{} // has room for one element
}

func (w *trailerWatch) HandleRPC(_ context.Context, s stats.RPCStats) {
	if _, ok := s.(*stats.InTrailer); ok {
		w.came <- struct{}{}
	}
}

// gRPC wrongly reports a success to the policy, which cannot notice. If gRPC changes
// this, update README.md and the descriptions of the dashboard's error panels.
func TestUploadThatTheServerRefusesEarlyCountsAsOK(t *testing.T) {
	t.Parallel()
	s := startServer(t, grpc.StreamInterceptor(func(any, grpc.ServerStream, *grpc.StreamServerInfo, grpc.StreamHandler) error {
		return status.Error(codes.PermissionDenied, "no uploads")
	}))
	w := &trailerWatch{came: make(chan struct{}, 1)}
	c := newClientWith(t, []grpc.DialOption{grpc.WithStatsHandler(w)}, configOf("metered_round_robin"), s)
	stream, err := c.conn.NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true}, "/test/0", grpc.WaitForReady(true))
	if err != nil {
		t.Fatalf("new stream: %v", err)
	}
	<-w.came
	for err == nil {
		err = stream.SendMsg(new(emptypb.Empty))
	}
	if err != io.EOF {
		t.Errorf("send: %v, want EOF", err)
	}
	if err := stream.RecvMsg(new(emptypb.Empty)); status.Code(err) != codes.PermissionDenied {
		t.Errorf("the caller gets %v, want PermissionDenied", err)
	}
	got := c.scrape(t)
	got.checkLaws(t)
	if n := got.nonzero()["rpc_attempts_total "+s.addr+" OK"]; n != 1 {
		t.Errorf("RPCs that are OK = %v, want 1", n)
	}
}
