package metrics

import (
	"sync"

	"google.golang.org/grpc/balancer"
)

// picker meters the picks of one of the policy's pickers.
type picker struct {
	inner   balancer.Picker
	channel *channel
}

// Pick implements [balancer.Picker]. gRPC accepts only SubConns of its own, so
// the result holds that one in place of the subConn that the policy knows.
func (p *picker) Pick(info balancer.PickInfo) (balancer.PickResult, error) {
	res, err := p.inner.Pick(info)
	if err != nil {
		p.countError(err)
		return res, err
	}
	sc, ok := p.channel.own(res.SubConn)
	if !ok {
		return res, nil
	}
	sc.backend.picks.Add(1)
	res.SubConn = sc.SubConn
	if res.Done == nil {
		res.Done = sc.done
	} else {
		res.Done = finishThen(sc.backend, res.Done)
	}
	return res, nil
}

func (p *picker) countError(err error) {
	if err == balancer.ErrNoSubConnAvailable { //nolint:errorlint // as gRPC compares: it waits for this very error only
		p.channel.target.delayed.Add(1)
	} else {
		p.channel.target.failed.Add(1)
	}
}

// ending is the end of one RPC on a pick that came with a Done of the policy's
// own. It goes back to the pool when it is called, which gRPC does once.
type ending struct {
	backend *backend
	policy  func(balancer.DoneInfo)
	call    func(balancer.DoneInfo) // ending.run, bound once
}

var endings sync.Pool

// finishThen returns a Done that counts for the backend and then calls the
// policy's.
func finishThen(b *backend, policy func(balancer.DoneInfo)) func(balancer.DoneInfo) {
	e, ok := endings.Get().(*ending)
	if !ok {
		e = new(ending)
		e.call = e.run
	}
	e.backend, e.policy = b, policy
	return e.call
}

func (e *ending) run(info balancer.DoneInfo) {
	b, policy := e.backend, e.policy
	e.backend, e.policy = nil, nil
	endings.Put(e)
	b.finish(info)
	policy(info)
}
