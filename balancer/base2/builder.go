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

// NewBalancerBuilder returns a builder of policies with the given name. Register it
// in an init function, usually through the Instrument method of the package
// metrics.
//
// The builder calls newPickerBuilder once for each policy that it builds: one per
// channel, and another one when the channel returns from idleness. [WithConfig]
// calls it once more. The calls of one PickerBuilder come one at a time.
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

// ListPickerBuilder builds pickers that need only the READY SubConns. In large
// channels it is much cheaper than a [base.PickerBuilder], which needs a new map for
// each picker.
type ListPickerBuilder interface {
	// BuildList returns a picker for the READY SubConns. There is at least one.
	//
	// Each endpoint has a place: 1 for the first endpoint that is READY, 2 for
	// the next one, and so on. It keeps its place, READY or not, for as long as
	// the resolver lists it. places[i] is the place of ready[i]; both slices are
	// in the order of the places.
	//
	// Pickers share the slices. Nobody may change them.
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

// buildPicker builds a channel's next picker, with the endpointBalancer's mutex held.
type buildPicker func(b *endpointBalancer) balancer.Picker

// configurer passes a config to a PickerBuilder and returns it as a C.
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
