// Package grpcstatus has the names of status codes that gRPC's own metrics use
// (gRFC A66), and finds the status of an error without allocating.
package grpcstatus

import "google.golang.org/grpc/codes"

// Count is how many codes gRPC defines: 0 to Count-1.
const Count = int(codes.Unauthenticated) + 1

var names = [Count]string{
	codes.OK:                 "OK",
	codes.Canceled:           "CANCELLED",
	codes.Unknown:            "UNKNOWN",
	codes.InvalidArgument:    "INVALID_ARGUMENT",
	codes.DeadlineExceeded:   "DEADLINE_EXCEEDED",
	codes.NotFound:           "NOT_FOUND",
	codes.AlreadyExists:      "ALREADY_EXISTS",
	codes.PermissionDenied:   "PERMISSION_DENIED",
	codes.ResourceExhausted:  "RESOURCE_EXHAUSTED",
	codes.FailedPrecondition: "FAILED_PRECONDITION",
	codes.Aborted:            "ABORTED",
	codes.OutOfRange:         "OUT_OF_RANGE",
	codes.Unimplemented:      "UNIMPLEMENTED",
	codes.Internal:           "INTERNAL",
	codes.Unavailable:        "UNAVAILABLE",
	codes.DataLoss:           "DATA_LOSS",
	codes.Unauthenticated:    "UNAUTHENTICATED",
}

// Names returns the names of all codes, by code.
func Names() []string { return names[:] }

// Name returns the name of a code that gRPC defines.
func Name(c codes.Code) string { return names[c] }
