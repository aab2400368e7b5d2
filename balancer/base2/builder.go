package base2

import (
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"

	"github.com/grpc-balancer2/balancer2/pickfirst2"
)

// NewBalancerBuilder returns a builder of policies with the given name, which
// pick as the PickerBuilders do that newPickerBuilder returns. It calls
// newPickerBuilder once per channel; a channel's calls of Build come one at a
// time. The result is to be registered in an init function, usually through the
// Instrument method of the package metrics.
func NewBalancerBuilder(name string, newPickerBuilder func() base.PickerBuilder, config base.Config) balancer.Builder {
	return &builder{name: name, newPickerBuilder: newPickerBuilder, config: config, timed: timed}
}

type builder struct {
	name             string
	newPickerBuilder func() base.PickerBuilder
	config           base.Config
	timed            func(rebuild func()) time.Duration
}

// Name implements [balancer.Builder].
func (bb *builder) Name() string { return bb.name }

// Build implements [balancer.Builder].
func (bb *builder) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	return &endpointBalancer{
		name:         bb.name,
		cc:           cc,
		opts:         opts,
		config:       bb.config,
		childBuilder: pickfirst2.NewBuilder(),
		children:     map[string]*child{},
		publisher:    publisher{pickerBuilder: bb.newPickerBuilder(), timed: bb.timed},
	}
}
