package base2

import (
	"encoding/json"
	"fmt"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/serviceconfig"

	"github.com/grpc-balancer2/balancer2/balancer/lbconfig"
)

// configBuilder is a separate type because only a builder that takes a config may
// have the method ParseConfig.
type configBuilder[S, C any] struct {
	*builder[S]
}

// parsed is what ParseConfig returns.
type parsed[C any] struct {
	serviceconfig.LoadBalancingConfig
	Value C

	json string // that Value was parsed from; two configs are equal if these are
}

// MarshalJSON returns the JSON that the config was parsed from. Some parents, such as
// random_subsetting_experimental and xds_wrr_locality_experimental, marshal the config
// of a child and have the result parsed again.
func (p parsed[C]) MarshalJSON() ([]byte, error) { return []byte(p.json), nil }

// ParseConfig implements [balancer.ConfigParser].
func (b *configBuilder[S, C]) ParseConfig(js json.RawMessage) (serviceconfig.LoadBalancingConfig, error) {
	value, err := lbconfig.Parse[C](b.name, js)
	if err != nil {
		return nil, err
	}
	if err := validate(&value); err != nil {
		return nil, fmt.Errorf("%s: parse config: %w", b.name, err)
	}
	return parsed[C]{Value: value, json: string(js)}, nil
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

// configureFunc passes the config of a resolver update to a policy, and tells whether
// it differs from the last one.
type configureFunc func(serviceconfig.LoadBalancingConfig) (changed bool, err error)

func configurer[C any](name string, policy Configurable[C]) configureFunc {
	var last *parsed[C] // nil before the first
	return func(cfg serviceconfig.LoadBalancingConfig) (changed bool, err error) {
		p := parsed[C]{}
		if cfg != nil {
			var ok bool
			if p, ok = cfg.(parsed[C]); !ok {
				return false, fmt.Errorf("%s: use config: it is a %T, want what ParseConfig returns: %w", name, cfg, balancer.ErrBadResolverState)
			}
		}
		if last != nil && p.json == last.json {
			return false, nil
		}
		policy.Configure(p.Value)
		last = &p
		return true, nil
	}
}

// useConfig puts the config of a resolver update into effect. If it returns an
// error, nothing has changed.
func (b *endpointBalancer[S]) useConfig(cfg serviceconfig.LoadBalancingConfig) (err error) {
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
	changed, err := b.configure(cfg)
	if changed {
		b.publisher.readyChanged = true
	}
	return err
}

// reportRefusal makes RPCs fail with the error if there is no picker yet. Otherwise
// they would wait until a later resolver update is accepted.
func (b *endpointBalancer[S]) reportRefusal(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.publisher.last.Picker == nil {
		b.cc.UpdateState(failing(err))
	}
}
