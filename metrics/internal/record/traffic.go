package record

import (
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"

	"github.com/grpc-balancer2/balancer2/metrics/internal/grpcstatus"
)

// NewDone returns the Done callback for picks of a SubConn. The usual case is
// inline, which saves a call.
func (b *Backend) NewDone() func(balancer.DoneInfo) {
	counts := b.counts // so that the usual case does not read b
	return func(info balancer.DoneInfo) {
		if info.Err == nil && info.BytesSent && info.BytesReceived {
			counts.ok.Add(1)
			return
		}
		b.CountEnd(info)
	}
}

// CountEnd counts the end of a pick. It reports whether the pick led to an RPC attempt.
func (b *Backend) CountEnd(info balancer.DoneInfo) bool {
	switch {
	case givenUp(info.Err, info.BytesSent):
		b.repicks.Add(1)
		return false
	case info.Err != nil:
		code := grpcstatus.CodeOf(info.Err)
		b.rare().ended[code].Add(1)
		if b.target.settings.LastRPCErrors {
			b.noteRPCError(code, info.Err)
		}
	case !info.BytesReceived && info.Trailer != nil:
		// The stream broke while the request was being sent. gRPC reports no
		// error here, but a success without any received byte is impossible. A
		// stream always leaves a trailer, possibly empty: a nil one comes from a
		// fake, which means a plain success.
		b.rare().ended[codes.Unavailable].Add(1)
		if b.target.settings.LastRPCErrors {
			b.noteRPCError(codes.Unavailable, errBrokenStream)
		}
	default:
		b.counts.ok.Add(1)
	}
	return true
}

// traffic is a consistent reading of a backend's picks and their ends.
type traffic struct {
	picks uint64
	ends
	inFlight int64
}

// ends counts the picks that have ended.
type ends struct {
	repicks  uint64
	finished [grpcstatus.Count]uint64
}

// failed is the number of RPC attempts that did not end OK.
func (e *ends) failed() (n uint64) {
	for code, ended := range e.finished {
		if codes.Code(code) != codes.OK {
			n += ended
		}
	}
	return n
}

func (b *Backend) traffic() traffic { return readTraffic(b.ends, b.counts.picks.Load) }

func (b *Backend) ends() ends {
	e := ends{repicks: b.repicks.Load()}
	if r := b.ifRare.Load(); r != nil {
		for code := range e.finished {
			e.finished[code] = r.ended[code].Load()
		}
	}
	e.finished[codes.OK] += b.counts.ok.Load()
	return e
}

// readTraffic reads the ends before the picks. So the pick of each end that it
// sees is counted, and in flight is never negative.
func readTraffic(readEnds func() ends, readPicks func() uint64) traffic {
	t := traffic{ends: readEnds()}
	t.picks = readPicks()
	ended := t.repicks
	for _, n := range t.finished {
		ended += n
	}
	t.inFlight = int64(t.picks - ended)
	return t
}

// inFlight reports whether an RPC is in flight. Even without SubConns one may
// start, through a picker that gRPC has replaced.
func (b *Backend) inFlight() bool { return b.traffic().inFlight > 0 }

// givenUp reports whether gRPC gave up the pick and will pick again: it sent
// nothing, because the connection was gone or closing. It takes two fields of the
// DoneInfo, because copying all of it costs as much as counting.
func givenUp(err error, bytesSent bool) bool {
	return !bytesSent && (err == nil || connectionCloses(err))
}

// connectionCloses reports whether err means that the connection of a READY
// subchannel is closing, or that the server is about to close it. Only the texts
// tell: other errors with the same code, from per-RPC credentials or from the check
// of an authority, end the attempt for its caller. If gRPC changes the texts, these
// picks count as Unavailable.
func connectionCloses(err error) bool {
	s := grpcstatus.Of(err)
	return s != nil && s.Code() == codes.Unavailable &&
		(s.Message() == "the connection is draining" || s.Message() == "transport is closing")
}
