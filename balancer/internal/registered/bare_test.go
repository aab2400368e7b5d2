package registered_test

import (
	"bytes"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/grpclog"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

// warnings has the warnings in gRPC's log.
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

// take returns what was written since the last time.
func (b *lockedBuffer) take() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.buf.Reset()
	return b.buf.String()
}

// The inner policy does not know the decorator's settings, and would refuse a config
// with them. This test does not run in parallel with others, because it reads the log.
func TestSettingsOfAnInnerPolicyAreTakenOutAndWarnedOfOnce(t *testing.T) {
	warnings.take()
	cc := balancertest.NewClientConn(t)
	p := cc.Build(balancer.Get("random_subsetting_experimental"))
	defer p.Close()
	const config = `{"subsetSize": 1, "childPolicy": [{"pick_first": {"shuffleAddressList": true, "balancer2Metrics": {"latency": true}}}]}`
	for range 2 {
		if err := p.UpdateWithConfig(config, balancertest.Endpoint("a:1")); err != nil {
			t.Fatalf("Update: %v", err)
		}
	}
	cc.SubConn("a:1").Ready()
	if _, err := cc.RPC(nil); err != nil {
		t.Errorf("RPC: %v", err)
	}
	const want = `pick_first: config field "balancer2Metrics" has no effect`
	if log := warnings.take(); strings.Count(log, want) != 2 {
		t.Errorf("log:\n%s\nwant once by each Metrics: %s", log, want)
	}
}

// refusing builds no policy.
type refusing struct{}

func (refusing) Name() string                                                       { return "refusing" }
func (refusing) Build(balancer.ClientConn, balancer.BuildOptions) balancer.Balancer { return nil }

func TestAnInnerPolicyThatRefusesToBeBuilt(t *testing.T) {
	t.Parallel()
	p := balancertest.NewClientConn(t).Build(balancer.Get("random_subsetting_experimental"))
	defer p.Close()
	err := p.UpdateWithConfig(`{"subsetSize": 1, "childPolicy": [{"refusing": {}}]}`, balancertest.Endpoint("a:1"))
	if err == nil || !strings.Contains(err.Error(), "could not switch to new child balancer") {
		t.Errorf("Update: %v, want what gRPC says of a child that is not built", err)
	}
}
