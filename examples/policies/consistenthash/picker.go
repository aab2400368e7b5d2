package consistenthash

import (
	"fmt"
	"math"

	"github.com/cespare/xxhash/v2"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/balancer/base2"
)

// errNoKey has a status, so it also ends RPCs that are to wait until an endpoint is
// ready.
var errNoKey = status.Error(codes.Internal, Name+": pick endpoint: the RPC has no key; make its context with consistenthash.WithKey")

// picker picks by rendezvous hashing: it draws a random distance between the key and
// each endpoint, and takes the nearest. Unlike a hash ring this needs no table, divides
// the keys exactly by the weights, and has a natural order of replicas.
type picker struct {
	policy
	endpoints []endpoint
	allFailed bool
}

// Pick implements [balancer.Picker].
func (p *picker) Pick(info balancer.PickInfo) (balancer.PickResult, error) {
	key, ok := p.config.key(info.Ctx)
	if !ok {
		return balancer.PickResult{}, errNoKey
	}
	e, err := p.choose(xxhash.Sum64String(key))
	switch {
	case err != nil:
		return balancer.PickResult{}, err
	case e.State == connectivity.Ready:
		return balancer.PickResult{SubConn: e.SubConn}, nil
	case e.State == connectivity.Idle:
		e.Endpoint.Connect()
	}
	return balancer.PickResult{}, balancer.ErrNoSubConnAvailable
}

// choose returns the endpoint that the key uses or waits for. It is the first of the
// replicas that has not failed.
func (p *picker) choose(key uint64) (*endpoint, error) {
	first, distance := p.nearest(key, 0)
	e := first
	for n := 1; n < p.replicas && e != nil && e.Err != nil; n++ {
		e, distance = p.nearest(key, distance)
	}
	switch {
	case e != nil && e.Err == nil:
		return e, nil
	case p.config.OnFailure == "wait" && !p.allFailed:
		return first, nil
	default:
		return nil, fmt.Errorf("%s: pick endpoint of key: %w", Name, first.Err)
	}
}

// nearest returns the endpoint that is nearest to the key, of those that are farther
// away than beyond. It returns nil if there is none.
func (p *picker) nearest(key uint64, beyond float64) (nearest *endpoint, distance float64) {
	distance = math.Inf(1)
	for i := range p.endpoints {
		e := &p.endpoints[i]
		if d := e.distance(key); d > beyond && d < distance {
			nearest, distance = e, d
		}
	}
	return nearest, distance
}

// endpoint is an endpoint as a picker sees it.
type endpoint struct {
	base2.Status[struct{}]
	hash   uint64
	weight float64
}

// newEndpoint hashes the key, which is the same in all clients.
func newEndpoint(status base2.Status[struct{}]) endpoint {
	return endpoint{Status: status, hash: xxhash.Sum64String(status.Endpoint.Key()), weight: float64(status.Weight())}
}

// distance returns the distance from the key, which is exponentially distributed. Of
// several such distances, the chance to be the least is proportional to the weight.
func (e *endpoint) distance(key uint64) float64 {
	uniform := (float64(mix(key^e.hash)>>11) + .5) / (1 << 53) // between 0 and 1
	return -math.Log(uniform) / e.weight
}

// mix changes each bit of the result with a chance of one half if a bit of h changes.
// It is the finalizer of SplitMix64.
func mix(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}
