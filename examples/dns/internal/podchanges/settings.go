package podchanges

import "time"

// Settings are the times of the example. They are much shorter than in a real
// cluster, in about the same proportions.
type Settings struct {
	Pods int
	// Every is the time between two RPCs.
	Every time.Duration
	// MinResolutionInterval is the setting of gRPC's dns resolver. The program must
	// have set it, for all channels, before it made the first one.
	MinResolutionInterval time.Duration
	// MaxConnectionAge is that of the servers in the parts where they limit it.
	MaxConnectionAge time.Duration
	// ResolveEvery is that of the client's policy, in the part where it asks DNS.
	ResolveEvery time.Duration
	// MinReady is how long a new pod must be ready before the next old one stops.
	MinReady time.Duration
	// PreStop is the time from a pod's removal from DNS to its GracefulStop.
	PreStop time.Duration
	// Watch is how long RPCs are counted to compute a share.
	Watch time.Duration
}
