package balancer_test

import (
	"strings"

	"google.golang.org/grpc/connectivity"
)

// intended knows the differences from grpc-go's policies that are meant. Any
// other is a failure.
type intended struct {
	// After all addresses have failed and a new list has come, grpc-go reports
	// CONNECTING when an address that was not in the old list begins to
	// connect. gRFC A62 asks for TRANSIENT_FAILURE until a connection is READY,
	// which is what pick_first2 reports. They differ from then until one is, or
	// until the attempts have failed.
	stickierAllowed, stickier bool
}

// allows tells whether want, of grpc-go's policy, and got, of ours, are alike
// but for what is intended.
func (d *intended) allows(e event, want, got observation) bool {
	if d.stickierAllowed && !d.stickier && strings.HasSuffix(e.words, " CONNECTING") {
		d.stickier = want.State == connectivity.Connecting && got.State == connectivity.TransientFailure
	}
	if !d.stickier {
		return want == got
	}
	alike := want.Made == got.Made && want.SubConns == got.SubConns
	if want.State == got.State {
		d.stickier = false
		return alike && want.Picks == got.Picks
	}
	return alike && want.State == connectivity.Connecting && got.State == connectivity.TransientFailure
}
