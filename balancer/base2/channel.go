package base2

import (
	"time"

	"google.golang.org/grpc/balancer"
	estats "google.golang.org/grpc/experimental/stats"
	"google.golang.org/grpc/grpclog"
	"google.golang.org/grpc/resolver"
)

// Channel is what a [Policy] gets of the channel that it was made for. Its methods may
// be called from any goroutine at any time. Rebuild and RebuildAfter have no effect after
// the policy was closed.
type Channel struct {
	name         string
	cc           balancer.ClientConn
	opts         balancer.BuildOptions
	rebuild      func()
	rebuildAfter func(time.Duration)
}

// BuildOptions returns what gRPC gives a new policy: the target and credentials, for
// example.
func (c *Channel) BuildOptions() balancer.BuildOptions { return c.opts }

// Target returns the channel's target.
func (c *Channel) Target() resolver.Target { return c.opts.Target }

// Rebuild has NewPicker called soon, for example because weights were learnt or
// because a signal came from outside. It returns at once. Requests that come within 5
// ms of the last picker lead to one call, at the end of these 5 ms. It has no effect
// in states for which the policy makes no picker.
func (c *Channel) Rebuild() { c.rebuild() }

// RebuildAfter has NewPicker called when a time has passed, unless it is called before:
// then NewPicker asks again if need be. It is for a policy that has to act at a certain
// time, which needs neither a timer nor a lock for that. A later call replaces an
// earlier one. Close ends it.
func (c *Channel) RebuildAfter(d time.Duration) { c.rebuildAfter(d) }

// ResolveNow asks the resolver for an update. Resolvers limit how often they answer.
func (c *Channel) ResolveNow() { c.cc.ResolveNow(resolver.ResolveNowOptions{}) }

// MetricsRecorder returns the recorder for metrics that the policy registers with
// gRPC (gRFC A78).
func (c *Channel) MetricsRecorder() estats.MetricsRecorder { return c.cc.MetricsRecorder() }

// Logger returns a logger of gRPC with the policy's name. Where lines of level ERROR
// are written, gRPC's own tests fail: that level is for what must never happen.
func (c *Channel) Logger() grpclog.DepthLoggerV2 { return grpclog.Component(c.name) }
