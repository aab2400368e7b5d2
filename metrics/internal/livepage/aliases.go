package livepage

import "github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"

// Until package metrics uses package livestatus.
type (
	Snapshot  = livestatus.Snapshot
	Target    = livestatus.Target
	Key       = livestatus.Key
	Status    = livestatus.Status
	Instance  = livestatus.Instance
	Backend   = livestatus.Backend
	RPCError  = livestatus.RPCError
	Verdict   = livestatus.Verdict
	Window    = livestatus.Window
	Point     = livestatus.Point
	Event     = livestatus.Event
	EventKind = livestatus.EventKind
)

// Kinds of events.
const (
	Connected      = livestatus.Connected
	Lost           = livestatus.Lost
	ConnectFailed  = livestatus.ConnectFailed
	Usable         = livestatus.Usable
	Unusable       = livestatus.Unusable
	ResolverUpdate = livestatus.ResolverUpdate
	ResolverError  = livestatus.ResolverError
	UpdateRejected = livestatus.UpdateRejected
	InstanceBuilt  = livestatus.InstanceBuilt
	InstanceClosed = livestatus.InstanceClosed
	InstanceState  = livestatus.InstanceState
	Folded         = livestatus.Folded
)
