// Package leader is a load-balancing policy for replicated stores such as etcd.
// Writes go to the leader, and all other RPCs to the READY endpoints in turn.
//
// The resolver marks the leader with [SetLeader]. The service config selects the
// policy and says which methods write:
//
//	{"loadBalancingConfig": [{"leader": {
//		"writes":   ["/etcdserverpb.KV/Put", "/etcdserverpb.Lease/*"],
//		"failFast": false
//	}}]}
//
// A name that ends in * is a prefix. While the leader is unknown or not READY,
// writes wait, or fail if failFast is true. They also fail, as all RPCs do, when
// no endpoint can be reached. Wait-for-ready RPCs always wait.
package leader

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/base2"
	"github.com/grpc-balancer2/balancer2/metrics"
)

// Name selects the policy in a service config.
const Name = "leader"

// resolveInterval is the shortest time between two requests to the resolver.
const resolveInterval = time.Second

func init() {
	balancer.Register(metrics.Default().Instrument(NewBuilder()))
}

// NewBuilder returns a builder of the policy without metrics.
func NewBuilder() balancer.Builder {
	return base2.NewConfigured(Name, newPolicy, base2.WithEveryState())
}

type leaderKey struct{}

// SetLeader returns the endpoint marked as the leader. Resolvers should mark at
// most one; of several, the first counts.
func SetLeader(e resolver.Endpoint) resolver.Endpoint {
	e.Attributes = e.Attributes.WithValue(leaderKey{}, true)
	return e
}

type config struct {
	Writes   []string `json:"writes"`
	FailFast bool     `json:"failFast"`
}

// Validate refuses names that no RPC has: its write would go to any endpoint.
func (c config) Validate() error {
	for i, w := range c.Writes {
		if prefix, ok := strings.CutSuffix(w, "*"); ok {
			if !strings.HasPrefix(prefix, "/") || strings.Contains(prefix, "*") {
				return fmt.Errorf("writes[%d]: %q is not a prefix like /service/*", i, w)
			}
			continue
		}
		service, method, ok := strings.Cut(strings.TrimPrefix(w, "/"), "/")
		if !ok || w[0] != '/' || service == "" || method == "" || strings.Contains(w, "*") {
			return fmt.Errorf("writes[%d]: %q is not a method like /service/method", i, w)
		}
	}
	return nil
}

func (c config) isWrite(method string) bool {
	for _, w := range c.Writes {
		if prefix, ok := strings.CutSuffix(w, "*"); w == method || ok && strings.HasPrefix(method, prefix) {
			return true
		}
	}
	return false
}

// endpoint is what the policy keeps for each endpoint. Only NewPicker uses it.
type endpoint struct {
	lastErr error // since the endpoint was READY
}

type policy struct {
	channel     *base2.Channel
	config      config
	nextRead    atomic.Uint64 // outlives pickers, so that a new one goes on where the last stopped
	nextResolve time.Time
}

func newPolicy(channel *base2.Channel) *policy {
	p := &policy{channel: channel}
	p.nextRead.Store(rand.Uint64N(1 << 32)) // clients that start together begin at different endpoints
	return p
}

func (p *policy) Configure(c config) { p.config = c }

func (p *policy) NewPicker(view base2.View[endpoint]) balancer.Picker {
	notReady := view.PickError()
	pk := &picker{config: p.config, nextRead: &p.nextRead, ready: view.Ready(), readErr: notReady, writeErr: notReady}

	var leader *base2.Status[endpoint]
	for s := range view.All() {
		// Of all endpoints, because any may be the leader next.
		if s.State == connectivity.Ready {
			s.Endpoint.Data.lastErr = nil
		} else if s.Err != nil {
			s.Endpoint.Data.lastErr = s.Err
		}
		if leader == nil && s.Attributes.Value(leaderKey{}) != nil {
			leader = &s
		}
	}
	if leader != nil && leader.State == connectivity.Ready {
		pk.leader, pk.writeErr = leader.SubConn, nil
	} else if p.config.FailFast {
		pk.writeErr = unreachable(leader)
	}
	if leader != nil && leader.State == connectivity.TransientFailure {
		p.resolve()
	}
	return pk
}

// resolve asks the resolver who the leader is now. It does so again and again,
// because an election takes longer than the first answer.
func (p *policy) resolve() {
	if time.Until(p.nextResolve) <= 0 {
		p.channel.ResolveNow()
		p.nextResolve = time.Now().Add(resolveInterval)
	}
	p.channel.RebuildAfter(time.Until(p.nextResolve))
}

// unreachable does not wrap what may be a status error: so gRPC fails RPCs with
// UNAVAILABLE, and lets wait-for-ready RPCs wait.
func unreachable(leader *base2.Status[endpoint]) error {
	if leader == nil {
		return errors.New("leader: find leader: the resolver marks no endpoint")
	}
	err := leader.Endpoint.Data.lastErr
	if err == nil {
		err = fmt.Errorf("the connection is %v", leader.State)
	}
	return fmt.Errorf("leader: write to %s: %v", leader.Addresses[0].Addr, err) //nolint:errorlint // see above
}

type picker struct {
	config   config
	leader   balancer.SubConn
	writeErr error // nil if leader is READY
	ready    []base2.Ready[endpoint]
	nextRead *atomic.Uint64
	readErr  error // if none is READY
}

func (p *picker) Pick(info balancer.PickInfo) (balancer.PickResult, error) {
	if p.config.isWrite(info.FullMethodName) {
		return balancer.PickResult{SubConn: p.leader}, p.writeErr
	}
	if len(p.ready) == 0 {
		return balancer.PickResult{}, p.readErr
	}
	i := p.nextRead.Add(1) % uint64(len(p.ready))
	return balancer.PickResult{SubConn: p.ready[i].SubConn}, nil
}
