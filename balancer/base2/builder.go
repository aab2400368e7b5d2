package base2

import (
	"fmt"
	"reflect"
	"time"

	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/pickfirst2"
)

// New returns a builder of policies with the given name. Register it in an init
// function, usually through the Instrument method of the package metrics.
//
// The builder calls newPolicy once for each policy instance: one per channel, and
// another one when the channel returns from idleness.
//
// New panics if newPolicy is nil, so that the mistake shows when the program starts.
func New[P Policy[S], S any](name string, newPolicy func(*Channel) P, options ...Option) balancer.Builder {
	checkBuilder(name, newPolicy == nil)
	return newBuilder(name, options, func(c *Channel) (Policy[S], configureFunc) { return newPolicy(c), nil })
}

// NewConfigured is [New] for policies that take a config. lbconfig.Parse parses the
// JSON in the service config into a C, which must be a struct with json tags. If C or
// *C has a method Validate() error, a config for which it returns an error is refused;
// "NAME: parse config: " precedes that error.
//
// NewConfigured panics if C is no struct.
func NewConfigured[P interface {
	Policy[S]
	Configurable[C]
}, S, C any](name string, newPolicy func(*Channel) P, options ...Option) balancer.Builder {
	checkBuilder(name, newPolicy == nil)
	if t := reflect.TypeFor[C](); t.Kind() != reflect.Struct {
		panic(fmt.Sprintf("base2: make policy %s: the config is a %v, which is a %v, want a struct", name, t, t.Kind()))
	}
	return &configBuilder[S, C]{newBuilder(name, options, func(c *Channel) (Policy[S], configureFunc) {
		policy := newPolicy(c)
		return policy, configurer[C](name, policy)
	})}
}

func checkBuilder(name string, incomplete bool) {
	if incomplete {
		panic(fmt.Sprintf("base2: make policy %s: the function that makes policies is nil", name))
	}
}

func newBuilder[S any](name string, apply []Option, newPolicy func(*Channel) (Policy[S], configureFunc)) *builder[S] {
	return &builder[S]{name: name, options: newOptions(apply), newPolicy: newPolicy}
}

type builder[S any] struct {
	name      string
	options   options
	newPolicy func(*Channel) (Policy[S], configureFunc)
}

// Name implements [balancer.Builder].
func (bb *builder[S]) Name() string { return bb.name }

// Build implements [balancer.Builder].
func (bb *builder[S]) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	b := &endpointBalancer[S]{
		name:         bb.name,
		cc:           cc,
		opts:         opts,
		options:      bb.options,
		childBuilder: pickfirst2.NewBuilder(),
		start:        time.Now(),
		children:     make(map[string]*child[S]),
	}
	b.policy, b.configure = bb.newPolicy(&Channel{name: bb.name, cc: cc, opts: opts, rebuild: b.askForPicker, rebuildAfter: b.askForPickerAfter})
	return b
}
