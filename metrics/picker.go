package metrics

import (
	"context"

	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/metrics/internal/grpcstatus"
	"github.com/grpc-balancer2/balancer2/metrics/internal/waits"
)

// picker meters the picks of one of the policy's pickers.
type picker struct {
	inner    balancer.Picker
	instance *instance
	number   uint64 // among the pickers of the instance
}

// newPicker returns the metered picker that replaces all earlier ones of the
// instance.
func newPicker(inst *instance, inner balancer.Picker) *picker {
	return &picker{inner: inner, instance: inst, number: inst.waiting.NextPicker()}
}

// Pick implements [balancer.Picker]. gRPC accepts only SubConns of its own, so
// Pick replaces the subConn in the result by gRPC's. The usual case is inline and
// costs little more than two atomic additions, one here and one in Done.
func (p *picker) Pick(info balancer.PickInfo) (balancer.PickResult, error) {
	res, err := p.inner.Pick(info)
	inst := p.instance
	sc, ok := res.SubConn.(*subConn)
	if err == nil && ok && sc.instance == inst && res.Done == nil && !inst.timed.Load() && !inst.waits.Any() {
		sc.counts.CountPick()
		res.SubConn, res.Done = sc.SubConn, sc.done
		return res, nil
	}
	if err != nil {
		p.countError(info.Ctx, err)
		return res, err
	}
	return p.meter(info.Ctx, res), nil
}

// meter counts a successful pick of any kind.
func (p *picker) meter(ctx context.Context, res balancer.PickResult) balancer.PickResult {
	inst := p.instance
	inst.waits.Resolved(ctx, inst.waiting)
	sc, ok := inst.metered(res.SubConn)
	if !ok {
		return res
	}
	sc.counts.CountPick()
	res.SubConn = sc.SubConn
	timed := inst.timed.Load()
	if res.Done == nil && !timed {
		res.Done = sc.done
		return res
	}
	a := newAttempt(sc.backendRecord, res.Done)
	if timed {
		a.measure(ctx, inst)
	}
	res.Done = a.done
	return res
}

// countError counts a pick that failed. On ErrNoSubConnAvailable gRPC waits for
// another picker. On a status it ends the RPC. On any other error it waits if the
// RPC is wait-for-ready, and ends the RPC otherwise.
func (p *picker) countError(ctx context.Context, err error) {
	inst := p.instance
	if err == balancer.ErrNoSubConnAvailable { //nolint:errorlint // as gRPC compares: a wrapped error does not count
		inst.targetRecord.CountDelayedPick()
		p.refused(ctx, waits.Connecting)
		return
	}
	inst.targetRecord.CountFailedPick()
	if grpcstatus.Of(err) == nil {
		p.refused(ctx, waits.PickerFailing)
	} else {
		inst.waits.Resolved(ctx, inst.waiting)
	}
}

// refused reports that the pick may leave the RPC attempt waiting.
func (p *picker) refused(ctx context.Context, why waits.Reason) {
	p.instance.waits.Refused(ctx, waits.Refusal{Instance: p.instance.waiting, Picker: p.number, Reason: why})
}
