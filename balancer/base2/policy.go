package base2

import "google.golang.org/grpc/balancer"

// Policy is what the author of a policy writes. There is one for each channel that
// uses the policy, and another one after the channel returns from idleness. S is the
// type of the data that the policy keeps for each endpoint; see [Endpoint].
//
// A Policy may have a method Close(). It is called when gRPC or a parent policy closes
// the policy: after the last call of NewPicker or Configure has returned. A Policy
// that starts goroutines or timers must end them there.
type Policy[S any] interface {
	// NewPicker returns the picker for the endpoints as they are now. It is called
	// when something has changed that pickers depend on: see [WithEveryState] for
	// what that is. The calls come one at a time, and none while Configure runs.
	//
	// NewPicker runs with the policy instance's mutex held. It must not block, and
	// must not call the channel, except by the methods of [Channel] and [Endpoint].
	// The view must not be used after NewPicker has returned; what its methods
	// returned may be.
	//
	// RPCs use the picker from many goroutines at once. If NewPicker returns nil or
	// panics, RPCs fail with an error that says so, until the next call. To fail RPCs
	// with an error of its own, a policy returns base.NewErrPicker(err), where base is
	// the package of gRPC.
	NewPicker(view View[S]) balancer.Picker
}

// Configurable is a [Policy] that takes a config of type C.
type Configurable[C any] interface {
	// Configure is called with the config of the first resolver update, and again
	// when its JSON has changed. If there is no config, it gets the zero C. The update
	// has no other effect before, and a call of NewPicker follows, in the states for
	// which there are any. Configure runs as NewPicker does, under the same rules. If
	// it panics, the update is refused with an error.
	Configure(config C)
}

// closer is the optional method of a Policy.
type closer interface{ Close() }
