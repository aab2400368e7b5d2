package balancertest

import (
	"errors"
	"fmt"
	"slices"

	"google.golang.org/grpc/balancer"
)

// CheckOption changes what [Check] demands, with an [Exception] or [ByKey], or what it
// sends to the policy, with [ConfigFields] or [MapEndpoints].
type CheckOption interface {
	apply(*checkOptions) error
}

type checkOptions struct {
	exceptions []Exception
	rpcs       []balancer.PickInfo // the RPCs to pick with, at least one
	byKey      bool                // whether an RPC may wait for its own endpoint

	config       string       // JSON object without spaces around it
	mapEndpoints mapEndpoints // nil if endpoints are sent as they are
}

func newCheckOptions(b balancer.Builder, opts []CheckOption) (checkOptions, error) {
	o := checkOptions{rpcs: []balancer.PickInfo{{}}, config: emptyConfig}
	for _, opt := range opts {
		if opt == nil {
			return o, errors.New("balancertest: check policy: nil option")
		}
		if err := opt.apply(&o); err != nil {
			return o, err
		}
	}
	if _, ok := b.(balancer.ConfigParser); !ok && o.config != emptyConfig {
		return o, fmt.Errorf("balancertest: check policy: ConfigFields needs a builder with ParseConfig; that of %s has none", b.Name())
	}
	return o, nil
}

// Exception is a demand that a policy is known not to meet.
type Exception string

const (
	// ShutsDownFirst is for policies that shut a SubConn down before they report a
	// picker without it. RPCs that choose it in between wait. All policies built on
	// grpc-go's pick_first, endpointsharding or base do this.
	ShutsDownFirst Exception = "a picker without them is reported before SubConns are shut down"

	// SerialExitIdle is for policies whose ExitIdle must not run at the same time as
	// another call. In all policies built on grpc-go's endpointsharding that is a
	// data race.
	SerialExitIdle Exception = "ExitIdle may come from any goroutine"

	// LostIsIdle is for policies for which a SubConn that has lost its connection must
	// be IDLE. It always is as long as gRPC has no connection scaling (gRFC A105).
	// Pickers of policies built on grpc-go's pick_first may return neither a SubConn nor
	// an error otherwise.
	LostIsIdle Exception = "a lost connection may leave its SubConn in CONNECTING or TRANSIENT_FAILURE"
)

func (e Exception) apply(o *checkOptions) error {
	if e != ShutsDownFirst && e != SerialExitIdle && e != LostIsIdle {
		return fmt.Errorf("balancertest: check policy: unknown exception %q; use the constants", e)
	}
	o.exceptions = append(o.exceptions, e)
	return nil
}

// ByKey is for policies that choose an RPC's endpoint by something in the RPC, such
// as a key in its context or its method, and let the RPC wait while that endpoint
// is not READY though others are. Check then picks with each of rpcs, which should
// belong to several endpoints. Without ByKey it picks with one RPC only, which has no
// key. Fields that are not set are as in [ClientConn.Start].
//
// When no endpoint can be reached, RPCs of all keys must fail. Instead of waiting, an
// RPC may fail at any time, so ByKey is also for policies that fail fast. But when the
// policy is READY, one of rpcs at least must get a SubConn. "What Check demands" says
// when else an RPC must not wait.
func ByKey(rpcs ...balancer.PickInfo) CheckOption { return byKey(slices.Clone(rpcs)) }

type byKey []balancer.PickInfo

func (rpcs byKey) apply(o *checkOptions) error {
	if len(rpcs) == 0 || o.byKey {
		return errors.New("balancertest: check policy: ByKey needs RPCs, all in one option")
	}
	o.rpcs, o.byKey = rpcs, true
	return nil
}
