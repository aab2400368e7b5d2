package grpcstatus

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Of returns the status that err carries, or nil. Unlike [status.FromError], it does
// not allocate.
func Of(err error) *status.Status {
	type grpcError interface {
		error
		GRPCStatus() *status.Status
	}
	if e, ok := errors.AsType[grpcError](err); ok {
		return e.GRPCStatus()
	}
	return nil
}

// CodeOf is [status.Code] without allocations. It also maps context errors to their
// codes, and codes that gRPC does not define to Unknown.
func CodeOf(err error) codes.Code {
	if s := Of(err); s != nil {
		// Compare as unsigned: the largest codes do not fit into an int of 32 bits.
		if s.Code() < codes.Code(Count) {
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
