package metrics

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/metrics/internal/grpcstatus"
)

// givenUp tells whether gRPC gave the pick up, to pick again: nothing was sent,
// because the connection had gone or was closing. It takes two fields, since a
// copy of the DoneInfo costs as much as counting.
func givenUp(err error, bytesSent bool) bool {
	return !bytesSent && (err == nil || connectionCloses(err))
}

// connectionCloses tells whether gRPC found the connection, that of a READY
// subchannel, closing or about to be closed by the server. It says so by
// these errors only. Others before sending end the attempt for its caller, with
// the same code when they come from per-RPC credentials or from the check of an
// authority. Should gRPC change the words, these picks count as Unavailable.
func connectionCloses(err error) bool {
	s := statusOf(err)
	return s != nil && s.Code() == codes.Unavailable &&
		(s.Message() == "the connection is draining" || s.Message() == "transport is closing")
}

// statusOf returns the status that err carries, if any. It does without the
// allocations of [status.FromError].
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

// statusCode is [status.Code] without its allocations. In addition it knows
// context errors, and takes codes that gRPC does not define for Unknown.
func statusCode(err error) codes.Code {
	if s := statusOf(err); s != nil {
		// As unsigned numbers: to an int of 32 bits the largest codes are negative.
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
