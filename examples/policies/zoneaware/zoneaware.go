// Package zoneaware is the load-balancing policy zone_aware. It keeps RPCs in the zone of
// the client for as long as enough of the endpoints there are healthy. The rest goes to
// the other zones. This service config, of a client in eu-1a, selects it:
//
//	{"loadBalancingConfig": [{"zone_aware": {"zone": "eu-1a"}}]}
//
// The resolver sets the zones of endpoints by [SetZone]. A client without a zone sends
// RPCs to all endpoints in turn.
//
// The policy is for clients to which another zone means latency or cost. Its rule is that
// of Envoy's priority levels, with the zone of the client as the first level and all others
// as the second. A zone is provisioned for more than its load: with 5 of 7 endpoints
// healthy it still takes all RPCs of its clients. With less it takes 1.4 times the healthy
// share: with half of them, 70 % of the RPCs.
//
// It is not for zones that differ much in clients per endpoint: a small zone with many
// clients gets too many RPCs, since no client knows of the others. A control plane that
// sets weights can do better.
//
// Only READY endpoints count as healthy. So in the first moments of a channel some RPCs
// leave the zone. Otherwise they would all go to the endpoint that is READY first.
package zoneaware

import (
	"math"
	"math/rand/v2"
	"sync/atomic"

	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/base2"
	"github.com/grpc-balancer2/balancer2/metrics"
)

// Name is the policy's name in a service config.
const Name = "zone_aware"

func init() { balancer.Register(metrics.Default().Instrument(NewBuilder())) }

// NewBuilder returns the policy without metrics.
func NewBuilder() balancer.Builder {
	return base2.NewConfigured(Name, newPolicy, base2.WithEveryState())
}

type zoneKey struct{}

// SetZone returns the endpoint with its zone. It is for resolvers. The endpoint that it is
// given stays as it is.
func SetZone(e resolver.Endpoint, zone string) resolver.Endpoint {
	e.Attributes = e.Attributes.WithValue(zoneKey{}, zone)
	return e
}

// zoneOf returns the zone, or the empty string if the endpoint has none.
func zoneOf(attrs *attributes.Attributes) string {
	zone, _ := attrs.Value(zoneKey{}).(string)
	return zone
}

// config is the policy's part of a service config.
type config struct {
	// Zone is the zone of the client. By default it has none.
	Zone string `json:"zone"`
}

// policy is the policy of one channel. It keeps no data of endpoints.
type policy struct {
	zone string
	turn atomic.Uint64 // of all pickers, so that a new one goes on where the last one was
}

func newPolicy(*base2.Channel) *policy {
	p := new(policy)
	p.turn.Store(uint64(rand.Uint32())) // or all clients would start with the same endpoint
	return p
}

// Configure implements [base2.Configurable].
func (p *policy) Configure(c config) { p.zone = c.Zone }

// NewPicker implements [base2.Policy].
func (p *policy) NewPicker(view base2.View[struct{}]) balancer.Picker {
	var own, others group
	for e := range view.All() {
		if p.zone == "" || zoneOf(e.Attributes) == p.zone {
			own.add(e)
		} else {
			others.add(e)
		}
	}
	if len(own.ready)+len(others.ready) == 0 {
		return base.NewErrPicker(view.PickError())
	}
	return &picker{own: own.ready, others: others.ready, stay: staying(own, others), turn: &p.turn}
}

// group is the endpoints of the own zone, or those of all others.
type group struct {
	size  int
	ready []balancer.SubConn
}

func (g *group) add(e base2.Status[struct{}]) {
	g.size++
	if e.State == connectivity.Ready {
		g.ready = append(g.ready, e.SubConn)
	}
}

// overprovision is Envoy's default: zones can take 1.4 times their load.
const overprovision = 1.4

// capacity returns the part of all RPCs that the group can take.
func (g *group) capacity() float64 {
	return min(1, overprovision*float64(len(g.ready))/float64(max(g.size, 1)))
}

// staying returns how many of a million RPCs stay in the own zone. If both groups together
// cannot take all, each takes more, in proportion to what it can take.
func staying(own, others group) uint64 {
	here := own.capacity()
	there := min(1-here, others.capacity())
	return uint64(math.Round(here / (here + there) * million))
}

const million = 1_000_000

// picker gives RPCs to the endpoints of the own zone in turn, and to the others in turn.
type picker struct {
	own, others []balancer.SubConn
	stay        uint64 // of a million RPCs
	turn        *atomic.Uint64
}

// Pick implements [balancer.Picker]. Those that stay are spread evenly among all picks.
func (p *picker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	turn := p.turn.Add(1)
	stayed, stay := (turn-1)*p.stay/million, turn*p.stay/million // so many, before and after this pick
	if stay > stayed {
		return balancer.PickResult{SubConn: p.own[stay%uint64(len(p.own))]}, nil
	}
	return balancer.PickResult{SubConn: p.others[(turn-stay)%uint64(len(p.others))]}, nil
}
