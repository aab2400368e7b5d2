package metrics_test

import (
	"bytes"
	"io"
	"os"
	"sync"

	"google.golang.org/grpc/grpclog"
)

// warnings holds the warnings in gRPC's log. gRPC requires that the logger is set
// before anything else.
var warnings lockedBuffer

func init() { grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, &warnings, os.Stderr)) }

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

// logged returns the warnings that f causes. Tests that use it must not be parallel.
func logged(f func()) string {
	warnings.mu.Lock()
	warnings.buf.Reset()
	warnings.mu.Unlock()
	f()
	warnings.mu.Lock()
	defer warnings.mu.Unlock()
	return warnings.buf.String()
}
