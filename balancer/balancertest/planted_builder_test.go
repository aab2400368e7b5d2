package balancertest_test

import (
	"encoding/json"
	"errors"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/serviceconfig"
)

// fault says what a planted policy does wrong. With the zero fault it is correct.
type fault struct {
	leaksOnClose      bool
	leaksOnUpdate     bool
	shutsDownFirst    bool // shuts the SubConn down before it reports a picker without it
	keepsDead         bool // keeps the picker with the old SubConn after an update
	silentLoss        bool
	silentReconnect   bool // publishes nothing when its SubConn goes from READY to CONNECTING
	silentBackoff     bool // publishes nothing when it goes from READY to TRANSIENT_FAILURE
	panicsInAttempt   bool // panics in either case
	losesForGood      bool // does not use the SubConn again after either
	publishesLate     bool
	connectsLate      bool
	shutdown          bool // reports SHUTDOWN instead of TRANSIENT_FAILURE
	nilPicker         bool
	foreign           bool // picks a SubConn of another channel
	panicsOnEmpty     bool
	acceptsEmpty      bool
	queuesWhenEmpty   bool
	queuesFailures    bool
	ignoresEarlyError bool
	failsOnLateError  bool
	dropsOnLateError  bool
	acceptsBadConfig  bool
	refusesUnknown    bool
	wrapsConfig       bool // its config becomes a field of another when it is marshaled
	hasSecretConfig   bool // its config cannot be marshaled
	neverReady        bool
	endless           bool   // makes a new SubConn after each failure
	exitsIdleAlone    bool   // panics if ExitIdle comes during an update
	reconnectsInIdle  bool   // reconnects in ExitIdle, even if it is READY
	panicsInExitIdle  string // the state in which ExitIdle panics
	panicsInBuild     bool
	panicsInClose     bool
	panicsInPick      bool
}

// planted builds policies that use one SubConn for all RPCs, and have the fault.
type planted struct{ fault }

func (planted) Name() string { return "planted" }

func (p planted) Build(cc balancer.ClientConn, _ balancer.BuildOptions) balancer.Balancer {
	if p.panicsInBuild {
		panic("no policy")
	}
	return &one{fault: p.fault, cc: cc, state: "before any update"}
}

type emptyConfig struct {
	serviceconfig.LoadBalancingConfig
}

func (p planted) ParseConfig(js json.RawMessage) (serviceconfig.LoadBalancingConfig, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(js, &fields); err != nil && !p.acceptsBadConfig {
		return nil, err
	}
	if len(fields) > 0 && p.refusesUnknown {
		return nil, errors.New("unknown fields")
	}
	if p.wrapsConfig {
		return wrappedConfig{Value: fields}, nil
	}
	if p.hasSecretConfig {
		return secretConfig{}, nil
	}
	return emptyConfig{}, nil
}

type wrappedConfig struct {
	serviceconfig.LoadBalancingConfig `json:"-"`
	Value                             map[string]json.RawMessage
}

type secretConfig struct {
	serviceconfig.LoadBalancingConfig
}

func (secretConfig) MarshalJSON() ([]byte, error) { return nil, errors.New("secret") }

// fixed is a picker that always chooses the same SubConn.
type fixed struct{ sc balancer.SubConn }

func (p fixed) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	return balancer.PickResult{SubConn: p.sc}, nil
}

// broken is a picker that panics.
type broken struct{}

func (broken) Pick(balancer.PickInfo) (balancer.PickResult, error) { panic("no SubConn to pick") }
