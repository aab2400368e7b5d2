package promql_test

import (
	"slices"
	"strings"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"

	"github.com/grpc-balancer2/balancer2/balancer/base2"
	"github.com/grpc-balancer2/balancer2/pickfirst2"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// builderOf returns the policy of the name. One that the project does not have is a
// policy of the plays: it goes by the weights of the stage.
func (s *stage) builderOf(name string) balancer.Builder {
	switch name {
	case pickfirst2.Name:
		return pickfirst2.NewBuilder()
	case roundrobin2.Name:
		return roundrobin2.NewBuilder()
	default:
		return base2.NewBalancerBuilder(name, func() base.PickerBuilder { return byWeight{s} })
	}
}

// byWeight makes pickers that give each backend as many picks in turn as its weight.
type byWeight struct{ stage *stage }

func (b byWeight) Build(info base.PickerBuildInfo) balancer.Picker {
	if len(info.ReadySCs) == 0 {
		return base.NewErrPicker(balancer.ErrNoSubConnAvailable)
	}
	p := &weightedPicker{stage: b.stage}
	for sc, i := range info.ReadySCs {
		p.ready = append(p.ready, weighted{sc, i.Address.Addr})
	}
	slices.SortFunc(p.ready, func(a, b weighted) int { return strings.Compare(a.addr, b.addr) })
	return p
}

type weighted struct {
	sc   balancer.SubConn
	addr string
}

type weightedPicker struct {
	stage *stage
	ready []weighted
	at    int // in ready
	times int // that it was picked in turn
}

func (p *weightedPicker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	for range 2 * len(p.ready) {
		now := p.ready[p.at%len(p.ready)]
		if p.times < p.stage.weightOf(now.addr) {
			p.times++
			return balancer.PickResult{SubConn: now.sc}, nil
		}
		p.at, p.times = p.at+1, 0
	}
	return balancer.PickResult{}, balancer.ErrNoSubConnAvailable
}
