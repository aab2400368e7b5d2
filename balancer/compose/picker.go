package compose

import (
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/metadata"
)

// picker is the author's picker, as gRPC sees it.
type picker[S any] struct {
	inner  balancer.Picker
	policy *policy[S]
}

// Pick implements [balancer.Picker]. gRPC accepts only SubConns of its own.
func (p *picker[S]) Pick(info balancer.PickInfo) (balancer.PickResult, error) {
	res, err := p.inner.Pick(info)
	if own, ok := p.policy.own(res.SubConn); ok {
		res.SubConn = own.grpcSubConn
	}
	return res, err
}

// Discard gives a pick of a child back, because the author's picker returns an error or
// another pick instead. The child learns that nothing was sent, from its Done.
func Discard(res balancer.PickResult) {
	if res.Done != nil {
		res.Done(balancer.DoneInfo{})
	}
}

// AddDone makes done run when the RPC attempt ends, after the child's Done if there is
// one. It allocates only in that case.
func AddDone(res *balancer.PickResult, done func(balancer.DoneInfo)) {
	child := res.Done
	if child == nil {
		res.Done = done
		return
	}
	res.Done = func(info balancer.DoneInfo) {
		child(info)
		done(info)
	}
}

// AddMetadata adds md to what the RPC sends, beside what the child adds. If both have a
// key, the server gets the values of both. md must not change later.
func AddMetadata(res *balancer.PickResult, md metadata.MD) {
	if len(res.Metadata) == 0 {
		res.Metadata = md
		return
	}
	res.Metadata = metadata.Join(res.Metadata, md)
}
