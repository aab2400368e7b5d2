package base2

import (
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/connectivity"
)

// NewBalancerBuilder is [New] for a PickerBuilder that was written for gRPC's package
// base, which needs no change. It gets the READY SubConns, of which there is at least
// one. The Address of each is the connected one; its BalancerAttributes are the
// attributes of the endpoint.
//
// Each policy instance has its own PickerBuilder. It builds a map for each picker, so
// that a [Policy] which uses [View.Ready] is much cheaper in large channels.
func NewBalancerBuilder(name string, newPickerBuilder func() base.PickerBuilder, options ...Option) balancer.Builder {
	checkBuilder(name, newPickerBuilder == nil)
	return New(name, func(*Channel) adapter { return adapter{newPickerBuilder()} }, options...)
}

// adapter is the Policy of a PickerBuilder.
type adapter struct{ base.PickerBuilder }

// NewPicker implements [Policy].
func (a adapter) NewPicker(view View[struct{}]) balancer.Picker {
	conns := make(map[balancer.SubConn]base.SubConnInfo, len(view.Ready()))
	for s := range view.All() {
		if s.State == connectivity.Ready {
			conns[s.SubConn] = subConnInfo(s)
		}
	}
	return a.Build(base.PickerBuildInfo{ReadySCs: conns})
}

// subConnInfo returns the address of the connection, with the endpoint's attributes
// where PickerBuilders look for them.
func subConnInfo(s Status[struct{}]) base.SubConnInfo {
	addr := s.Address()
	if s.Attributes != nil {
		addr.BalancerAttributes = s.Attributes
	}
	return base.SubConnInfo{Address: addr}
}
