package compose_test

import (
	"fmt"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/metadata"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/compose"
)

func testPick(t *testing.T, p passing) {
	var ended []balancer.DoneInfo
	md := metadata.Pairs("k", "v")
	sc := p.child.newSubConn(t, "a:1")
	p.child.report(connectivity.Ready, picking(balancer.PickResult{
		SubConn: sc, Metadata: md, Done: func(i balancer.DoneInfo) { ended = append(ended, i) },
	}))
	res, err := p.cc.State().Picker.Pick(balancer.PickInfo{})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := res.SubConn.(*subConn); !ok {
		t.Errorf("the pick has a %T, want the channel's SubConn", res.SubConn)
	}
	if fmt.Sprint(res.Metadata) != fmt.Sprint(md) {
		t.Errorf("metadata %v, want %v", res.Metadata, md)
	}
	res.Done(balancer.DoneInfo{Err: errTest, BytesSent: true})
	if len(ended) != 1 || ended[0].Err != errTest || !ended[0].BytesSent {
		t.Errorf("Done %v, want one call with the DoneInfo", ended)
	}
}

// gRPC compares ErrNoSubConnAvailable with ==, and takes a status only from the error
// itself if the RPC is not to be retried.
func testPickError(t *testing.T, p passing, want error) {
	p.child.report(connectivity.TransientFailure, failingWith(want))
	if _, err := p.cc.State().Picker.Pick(balancer.PickInfo{}); err != want {
		t.Errorf("error %v, want %v itself", err, want)
	}
}

// gRPC logs the mistake.
func testForeignPick(t *testing.T, p passing) {
	foreign := balancertest.NewClientConn(t)
	sc, err := foreign.NewSubConn(addr1, balancer.NewSubConnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p.child.report(connectivity.Ready, picking(balancer.PickResult{SubConn: sc}))
	if res, err := p.cc.State().Picker.Pick(balancer.PickInfo{}); err != nil || res.SubConn != sc {
		t.Errorf("picked %v, %v, want the child's result", res.SubConn, err)
	}
}

// It would be worse if the RPC went to a backend of another channel.
func TestASubConnOfAnotherInstanceIsNotPicked(t *testing.T) {
	t.Parallel()
	p, other := newWrapped(t, compose.Wrapper[int]{}), newWrapped(t, compose.Wrapper[int]{})
	sc := other.children.only(t).newSubConn(t, "a:1")
	p.children.only(t).report(connectivity.Ready, picking(balancer.PickResult{SubConn: sc}))
	if res, err := p.cc.State().Picker.Pick(balancer.PickInfo{}); err != nil || res.SubConn != sc {
		t.Errorf("picked %v, %v, want what gRPC refuses", res.SubConn, err)
	}
}
