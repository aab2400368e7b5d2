package base2

import (
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/serviceconfig"

	"github.com/grpc-balancer2/balancer2/pickfirst2"
)

// NewBalancerBuilder returns a builder of policies with the given name, which
// pick as the PickerBuilders do that newPickerBuilder returns. It calls
// newPickerBuilder once for each policy that gRPC has it build: one per channel,
// and another when the channel returns from idleness. [WithConfig] calls it once
// more. A channel's calls of the PickerBuilder come one at a time. The result is
// to be registered in an init function, usually through the Instrument method of
// the package metrics.
func NewBalancerBuilder(name string, newPickerBuilder func() base.PickerBuilder, config base.Config) balancer.Builder {
	return newBuilder(name, config, newPickerBuilder == nil, func() (buildPicker, any) {
		pickerBuilder := newPickerBuilder()
		return func(b *endpointBalancer) balancer.Picker {
			conns := make(map[balancer.SubConn]base.SubConnInfo, b.ready.len())
			for _, c := range b.order {
				if c.conn != nil {
					conns[c.conn.SubConn] = c.subConnInfoLocked()
				}
			}
			return pickerBuilder.Build(base.PickerBuildInfo{ReadySCs: conns})
		}, pickerBuilder
	})
}

// ListPickerBuilder makes pickers that need nothing but the READY SubConns. In
// large channels it is much cheaper than a [base.PickerBuilder], whose map is
// made anew for each picker.
type ListPickerBuilder interface {
	// BuildList returns a picker for the SubConns, of which there is at least
	// one. Each endpoint has a place: the first that is READY has place 1, the
	// next 2, and so on. It keeps its place, whether READY or not, for as long as
	// the resolver lists it. ready is in the order of the places, and places[i]
	// is that of ready[i].
	//
	// Pickers share the slices; nobody may change them.
	BuildList(ready []balancer.SubConn, places []int) balancer.Picker
}

// NewListBalancerBuilder is [NewBalancerBuilder] for ListPickerBuilders.
func NewListBalancerBuilder(name string, newPickerBuilder func() ListPickerBuilder, config base.Config) balancer.Builder {
	return newBuilder(name, config, newPickerBuilder == nil, func() (buildPicker, any) {
		pickerBuilder := newPickerBuilder()
		return func(b *endpointBalancer) balancer.Picker {
			b.ready.refresh()
			return pickerBuilder.BuildList(slices.Clip(b.ready.conns), slices.Clip(b.ready.places))
		}, pickerBuilder
	})
}

// buildPicker makes a channel's next picker, under the endpointBalancer's mutex.
type buildPicker func(b *endpointBalancer) balancer.Picker

// configurer gives a config to a PickerBuilder and returns what it was.
type configurer func(name string, pickerBuilder any, cfg serviceconfig.LoadBalancingConfig) (any, error)

func newBuilder(name string, config base.Config, incomplete bool, newBuildPicker func() (buildPicker, any)) *builder {
	if incomplete {
		panic(fmt.Sprintf("base2: make policy %s: newPickerBuilder is nil", name))
	}
	return &builder{name: name, config: config, newBuildPicker: newBuildPicker, timed: timed}
}

type builder struct {
	name           string
	config         base.Config
	newBuildPicker func() (build buildPicker, pickerBuilder any)
	configure      configurer // nil if there is no config
	timed          func(rebuild func()) time.Duration
}

// Name implements [balancer.Builder].
func (bb *builder) Name() string { return bb.name }

// Build implements [balancer.Builder].
func (bb *builder) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	build, pickerBuilder := bb.newBuildPicker()
	return &endpointBalancer{
		name:          bb.name,
		cc:            cc,
		opts:          opts,
		config:        bb.config,
		configure:     bb.configure,
		pickerBuilder: pickerBuilder,
		childBuilder:  pickfirst2.NewBuilder(),
		start:         time.Now(),
		children:      make(map[string]*child),
		publisher:     publisher{build: build, timed: bb.timed},
	}
}
