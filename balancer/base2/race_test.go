package base2_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/base2"
)

// The test is for the race detector.
func TestEverythingAtOnce(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]base2.Option{
		"at once":    nil,
		"on request": {base2.WithConnectOnRequest()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cc := balancertest.NewClientConn(t)
			p := cc.Build(base2.New("busy", func(c *base2.Channel) *busy { return &busy{channel: c} }, options...))
			mustUpdate(t, p, endpoints(8)...)
			var stop atomic.Bool
			var calling sync.WaitGroup
			repeat := func(f func(i int)) {
				calling.Go(func() {
					for i := 0; !stop.Load(); i++ {
						f(i)
					}
				})
			}
			for range 2 {
				repeat(func(int) { _, _ = cc.RPC(nil) })
			}
			repeat(func(int) { p.ExitIdle() })
			repeat(func(int) {
				for _, sc := range cc.Live() {
					if sc.State() == stReady {
						sc.Idle()
					} else if sc.Wanted() {
						sc.Ready()
					}
				}
			})
			for i := range 100 {
				mustUpdate(t, p, endpoints(1+i%8)...)
			}
			p.Close()
			stop.Store(true)
			calling.Wait()
		})
	}
}

// busy asks for everything whenever it can.
type busy struct{ channel *base2.Channel }

func (b *busy) NewPicker(view base2.View[atomic.Int64]) balancer.Picker {
	p := &busyPicker{channel: b.channel}
	for s := range view.All() {
		p.all = append(p.all, s)
	}
	return p
}

type busyPicker struct {
	channel *base2.Channel
	all     []base2.Status[atomic.Int64]
	turn    atomic.Int64
}

func (p *busyPicker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	s := p.all[int(p.turn.Add(1))%len(p.all)]
	if s.SubConn == nil {
		s.Endpoint.Connect()
		return balancer.PickResult{}, balancer.ErrNoSubConnAvailable
	}
	n := s.Endpoint.Data.Add(1)
	return balancer.PickResult{SubConn: s.SubConn, Done: func(balancer.DoneInfo) {
		if p.channel.Rebuild(); n%16 == 0 {
			s.Endpoint.Disconnect()
		}
	}}, nil
}
