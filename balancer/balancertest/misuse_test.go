package balancertest_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/pickfirst"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

// misuse is a testing.TB that records the failure that a test expects.
type misuse struct {
	testing.TB
	message string
}

func (m *misuse) Helper() {}

func (m *misuse) Fatalf(format string, args ...any) {
	m.message = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// failureOf returns the message with which do fails its test. It does so on a channel
// with a pick_first policy, whose SubConn has been asked to connect.
func failureOf(t *testing.T, do func(*balancertest.ClientConn, *balancertest.Policy, *balancertest.SubConn)) string {
	t.Helper()
	tb := &misuse{TB: t}
	var running sync.WaitGroup
	running.Go(func() {
		cc := balancertest.NewClientConn(tb)
		p := cc.Build(balancer.Get(pickfirst.Name))
		if err := p.Update(balancertest.Endpoints("a:1")...); err != nil {
			t.Errorf("update: %v", err)
		}
		do(cc, p, cc.SubConn("a:1"))
	})
	running.Wait()
	return tb.message
}

type nilBuilder struct{}

func (nilBuilder) Name() string { return "nil" }

func (nilBuilder) Build(balancer.ClientConn, balancer.BuildOptions) balancer.Balancer { return nil }

func TestMisuseFailsTheTest(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		do   func(*balancertest.ClientConn, *balancertest.Policy, *balancertest.SubConn)
		want string
	}{
		"no such SubConn": {
			do: func(cc *balancertest.ClientConn, _ *balancertest.Policy, _ *balancertest.SubConn) {
				cc.SubConn("z:1")
			},
			want: `find SubConn to "z:1": found 0, want 1`,
		},
		"bad config": {
			do: func(_ *balancertest.ClientConn, p *balancertest.Policy, _ *balancertest.SubConn) {
				_ = p.UpdateWithConfig(`{"shuffleAddressList": 1}`)
			},
			want: "parse config of pick_first: ",
		},
		"a builder that returns nil": {
			do: func(cc *balancertest.ClientConn, _ *balancertest.Policy, _ *balancertest.SubConn) {
				cc.Build(nilBuilder{})
			},
			want: "build nil: its builder returned nil",
		},
		"bad target": {
			do: func(cc *balancertest.ClientConn, _ *balancertest.Policy, _ *balancertest.SubConn) {
				cc.BuildWithTarget(&capturing{}, ":")
			},
			want: `parse target ":"`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := failureOf(t, test.do); !strings.Contains(got, test.want) {
				t.Errorf("failure %q, want %q", got, test.want)
			}
		})
	}
}
