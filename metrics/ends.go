package metrics

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/metrics/internal/grpcstatus"
)

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
	s := statusOf(err)
	return s != nil && s.Code() == codes.Unavailable &&
		(s.Message() == "the connection is draining" || s.Message() == "transport is closing")
}

// statusOf returns the status that err carries, or nil. Unlike
// [status.FromError], it does not allocate.
func statusOf(err error) *status.Status {
	type grpcError interface {
		error
		GRPCStatus() *status.Status
	}
	if e, ok := errors.AsType[grpcError](err); ok {
		return e.GRPCStatus()
	}
	return nil
}

// statusCode is [status.Code] without allocations. It also maps context errors
// to their codes, and codes that gRPC does not define to Unknown.
func statusCode(err error) codes.Code {
	if s := statusOf(err); s != nil {
		// Compare as unsigned: the largest codes do not fit into an int of 32 bits.
		if s.Code() < codes.Code(grpcstatus.Count) {
			return s.Code()
		}
		return codes.Unknown
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return codes.DeadlineExceeded
	case errors.Is(err, context.Canceled):
		return codes.Canceled
	}
	return codes.Unknown
}
