package base2

import (
	"encoding/json"
	"fmt"
	"reflect"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/serviceconfig"

	"github.com/grpc-balancer2/balancer2/balancer/lbconfig"
)

// Configurable is a PickerBuilder, of either kind, that takes a config.
type Configurable[C any] interface {
	// Configure is called with the config of each resolver update, or the zero C
	// if there is none, before the update has any other effect. It is not called
	// while a picker is being built. If the config has changed, a new picker
	// follows. If Configure panics, the update is refused.
	Configure(C)
}

// WithConfig returns a builder like b whose policies take a config. b must come from
// this package. [lbconfig.Parse] parses the JSON in the service config into a C,
// which must be a struct with json tags. The channel's PickerBuilder, which must be
// a [Configurable], gets the result. If C or *C has a method Validate() error, a
// config for which it returns an error is refused.
//
// WithConfig panics if b, its PickerBuilders or C are of other kinds, so that the
// mistake shows when the program starts. To check, it makes one PickerBuilder that
// no channel uses.
func WithConfig[C any](b balancer.Builder) balancer.Builder {
	if kind := reflect.TypeFor[C]().Kind(); kind != reflect.Struct {
		panic(fmt.Sprintf("base2: add config to policy: %v is a %v, want a struct", reflect.TypeFor[C](), kind))
	}
	bb, ok := b.(*builder)
	if !ok {
		panic(fmt.Sprintf("base2: add config to policy: %T is no builder of NewBalancerBuilder or NewListBalancerBuilder", b))
	}
	if _, pickerBuilder := bb.newBuildPicker(); !isConfigurable[C](pickerBuilder) {
		panic(fmt.Sprintf("base2: add config to policy %s: %T has no method Configure(%v)", bb.name, pickerBuilder, reflect.TypeFor[C]()))
	}
	configured := *bb
	configured.configure = configure[C]
	return &configBuilder[C]{builder: &configured}
}

func isConfigurable[C any](pickerBuilder any) bool {
	_, ok := pickerBuilder.(Configurable[C])
	return ok
}

// configBuilder is a separate type because only a builder that takes a config may
// have the method ParseConfig.
type configBuilder[C any] struct {
	*builder
}

// parsed is what ParseConfig returns.
type parsed[C any] struct {
	serviceconfig.LoadBalancingConfig `json:"-"`
	Value                             C
}

// ParseConfig implements [balancer.ConfigParser].
func (b *configBuilder[C]) ParseConfig(js json.RawMessage) (serviceconfig.LoadBalancingConfig, error) {
	value, err := lbconfig.Parse[C](b.name, js)
	if err != nil {
		return nil, err
	}
	if err := validate(&value); err != nil {
		return nil, fmt.Errorf("%s: parse config: %w", b.name, err)
	}
	return parsed[C]{Value: value}, nil
}

// validate calls the config's method Validate, if it has one. value is a *C, which
// has the methods of both receivers. A panic is an error of the config, which comes
// from outside the program.
func validate(value any) (err error) {
	v, ok := value.(interface{ Validate() error })
	if !ok {
		return nil
	}
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("%T panicked: %v", value, reason)
		}
	}()
	return v.Validate()
}

// configure passes the config of a resolver update to the PickerBuilder. It returns
// the config, for comparison with the next one.
func configure[C any](name string, pickerBuilder any, cfg serviceconfig.LoadBalancingConfig) (any, error) {
	var value C
	if cfg != nil {
		p, ok := cfg.(parsed[C])
		if !ok {
			return nil, fmt.Errorf("%s: use config: it is a %T, want what ParseConfig returns: %w", name, cfg, balancer.ErrBadResolverState)
		}
		value = p.Value
	}
	pickerBuilder.(Configurable[C]).Configure(value)
	return value, nil
}

// reportRefusal makes RPCs fail with the error if there is no picker yet. Otherwise
// they would wait until a later resolver update is accepted.
func (b *endpointBalancer) reportRefusal(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.publisher.last.Picker == nil {
		b.cc.UpdateState(failing(err))
	}
}

// useConfig puts the config of a resolver update into effect. If it returns an
// error, nothing has changed.
func (b *endpointBalancer) useConfig(cfg serviceconfig.LoadBalancingConfig) (err error) {
	if b.configure == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	defer func() {
		if reason := recover(); reason != nil {
			err = b.panicked("use config", reason)
		}
	}()
	value, err := b.configure(b.name, b.pickerBuilder, cfg)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(value, b.configured) {
		b.configured = value
		b.publisher.readyChanged = true
	}
	return nil
}
