package metrics_test

import (
	"testing"

	"google.golang.org/grpc/balancer"
	estats "google.golang.org/grpc/experimental/stats"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// recordingConn is a channel that counts what policies record.
type recordingConn struct {
	looseConn
	estats.UnimplementedMetricsRecorder
	recorded int64
}

func (cc *recordingConn) MetricsRecorder() estats.MetricsRecorder { return cc }

func (cc *recordingConn) RecordInt64Count(_ *estats.Int64CountHandle, n int64, _ ...string) {
	cc.recorded += n
}

func TestWhatAMeteredPolicyRecordsGetsToGRPC(t *testing.T) {
	t.Parallel()
	cc, s := &recordingConn{}, &stub{}
	metrics.New().Instrument(metrics.New().Instrument(s)).Build(cc, balancer.BuildOptions{})
	s.cc.MetricsRecorder().RecordInt64Count(nil, 2)
	if cc.recorded != 2 {
		t.Errorf("recorded %d, want 2", cc.recorded)
	}
}
