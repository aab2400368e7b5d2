package compose

import "google.golang.org/grpc/balancer"

// Instance is one policy, as its author sees it: what one Build made.
type Instance struct {
	// ClientConn is the one of gRPC or of the parent policy. It is for ResolveNow and
	// MetricsRecorder; what an author reports goes through State.
	ClientConn balancer.ClientConn

	// BuildOptions are those of the policy. The child gets them too.
	BuildOptions balancer.BuildOptions

	publish func()
}

// Publish calls State and reports the result to gRPC, before it returns. RPCs that wait
// are then picked again. Call it when something has changed that State or its pickers
// depend on. During a resolver update of a Split, the report at the end of the update
// does instead. Before there is a child, and after Close, Publish does nothing.
//
// It may be called from any goroutine, also from Pick and Done, but not from State,
// and not with a lock held that State takes.
func (i *Instance) Publish() { i.publish() }

// instance returns what the author gets.
func (p *policy[S]) instance() *Instance {
	return &Instance{ClientConn: p.cc, BuildOptions: p.opts, publish: p.publish}
}
