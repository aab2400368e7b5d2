package base2

import "time"

// Option changes what the policies of a builder do.
type Option func(*options)

type options struct {
	skipHealthChecks bool
	everyState       bool // pickers are the policy's, whatever the state
	onRequest        bool // endpoints connect when the policy asks for it
	timed            func(rebuild func()) time.Duration
}

func newOptions(apply []Option) options {
	o := options{timed: timed}
	for _, option := range apply {
		option(&o)
	}
	return o
}

func timed(rebuild func()) time.Duration {
	start := time.Now()
	rebuild()
	return time.Since(start)
}

// WithoutHealthChecks counts an endpoint as READY as soon as it is connected. By
// default it is READY only while its health listener reports READY, too: health checks
// (gRFC A17) and outlier detection (gRFC A50) can take it out.
func WithoutHealthChecks() Option { return func(o *options) { o.skipHealthChecks = true } }

// WithEveryState has NewPicker called whatever the state of the channel is, and after
// each change of an endpoint: of its state, its error, its addresses, its attributes,
// or its place in the resolver's order. It is for policies whose pickers look at
// endpoints that are not READY. In states in which none is, their picks usually return
// [View.PickError].
//
// Without it NewPicker is called only while an endpoint is READY, and only after a
// change of the READY endpoints or their attributes, of the config, or of the
// resolver's attributes. So the policy does not see the loss of the last one. In the
// other states, RPCs wait while an endpoint may still connect, and fail with the
// endpoints' errors if none can.
//
// If the resolver lists no endpoint, RPCs always fail with an error that says so.
func WithEveryState() Option { return func(o *options) { o.everyState = true } }

// WithConnectOnRequest leaves endpoints IDLE until the policy calls
// [Endpoint.Connect], in NewPicker or in a pick, which then waits for the next picker
// ([balancer.ErrNoSubConnAvailable]). An endpoint that has lost its connection is IDLE
// again, unless gRPC is making another one, or could not (gRFC A105). One that cannot
// be reached is tried again and again, as always. It includes [WithEveryState].
//
// If all endpoints are IDLE and the program calls the channel's method Connect, a
// random endpoint connects.
func WithConnectOnRequest() Option {
	return func(o *options) { o.everyState, o.onRequest = true, true }
}
