package metrics

import (
	"context"

	"google.golang.org/grpc/balancer"
)

// picker meters the picks of one of the policy's pickers.
type picker struct {
	inner   balancer.Picker
	channel *channel
	number  uint64 // among the channel's pickers
}

// newPicker returns the metered picker that takes the place of all earlier ones
// of the channel.
func (c *channel) newPicker(inner balancer.Picker) *picker {
	return &picker{inner: inner, channel: c, number: c.pickers.Add(1)}
}

// Pick implements [balancer.Picker]. gRPC accepts only SubConns of its own, so
// the result holds that one in place of the subConn that the policy knows. What
// most picks need is here, so that nothing is kept and copied around for the
// rest: two atomic additions, here and in Done, are nearly all that it costs.
func (p *picker) Pick(info balancer.PickInfo) (balancer.PickResult, error) {
	res, err := p.inner.Pick(info)
	c := p.channel
	sc, ok := res.SubConn.(*subConn)
	if err == nil && ok && sc.channel == c && res.Done == nil && !c.timed.Load() && !c.waits.any() {
		sc.counts.picks.Add(1)
		return balancer.PickResult{SubConn: sc.SubConn, Done: sc.done, Metadata: res.Metadata}, nil
	}
	if err != nil {
		p.countError(info.Ctx, err)
		return res, err
	}
	return c.meter(info.Ctx, res), nil
}

// meter counts a pick of any kind.
func (c *channel) meter(ctx context.Context, res balancer.PickResult) balancer.PickResult {
	c.waits.end(ctx)
	sc, ok := c.own(res.SubConn)
	if !ok {
		return res
	}
	sc.counts.picks.Add(1)
	res.SubConn = sc.SubConn
	timed := c.timed.Load()
	if res.Done == nil && !timed {
		res.Done = sc.done
		return res
	}
	a := newAttempt(sc.backend, res.Done)
	if timed {
		a.begin(ctx, c)
	}
	res.Done = a.done
	return res
}

// countError counts a pick without a result. gRPC waits for another picker after
// one error, ends the RPC for any that is a status, and for the rest does the
// one or the other as the RPC wants.
func (p *picker) countError(ctx context.Context, err error) {
	c := p.channel
	if err == balancer.ErrNoSubConnAvailable { //nolint:errorlint // as gRPC compares: it waits for this very error only
		c.target.delayed.Add(1)
		c.waits.begin(ctx, refusal{c, p.number, connecting})
		return
	}
	c.target.failed.Add(1)
	if statusOf(err) == nil {
		c.waits.begin(ctx, refusal{c, p.number, pickerFailing})
	} else {
		c.waits.end(ctx)
	}
}
