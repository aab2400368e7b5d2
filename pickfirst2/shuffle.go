package pickfirst2

import (
	"cmp"
	"math"
	"slices"

	"google.golang.org/grpc/experimental/balancer/weight"
	"google.golang.org/grpc/resolver"
)

// shuffled returns the endpoints in random order. An endpoint of greater weight is
// more likely to be in front. The order of the addresses within an endpoint stays.
// The weight is the endpoint attribute of gRPC's package weight, or 1 without it.
//
// The method is that of gRFC A113: each endpoint draws u^(1/weight), where u comes
// from random and is in [0, 1), and the largest draw comes first.
func shuffled(endpoints []resolver.Endpoint, random func() float64) []resolver.Endpoint {
	type draw struct {
		endpoint resolver.Endpoint
		key      float64
	}
	draws := make([]draw, len(endpoints))
	for i, e := range endpoints {
		w := max(weight.FromEndpoint(e).Weight, 1)
		draws[i] = draw{endpoint: e, key: math.Pow(random(), 1/float64(w))}
	}
	slices.SortStableFunc(draws, func(a, b draw) int { return cmp.Compare(b.key, a.key) })
	order := make([]resolver.Endpoint, len(draws))
	for i, d := range draws {
		order[i] = d.endpoint
	}
	return order
}
