package metrics

import (
	"cmp"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
)

// The types below are what the live page shows. Their JSON is a promise to its
// readers.

// targetStatus is the state of a target under one policy.
type targetStatus struct {
	Target       string          `json:"target"`
	Policy       string          `json:"policy"`
	Channels     []channelStatus `json:"channels"` // the oldest state first
	Backends     int             `json:"backends"`
	Ready        int             `json:"backends_ready"`
	Picks        uint64          `json:"picks"` // of all backends
	PicksDelayed uint64          `json:"picks_delayed"`
	PicksFailed  uint64          `json:"picks_failed"`
	Waiting      int64           `json:"waiting"` // RPC attempts that wait for a pick now
	Folded       uint64          `json:"backends_folded"`
	Imbalance    float64         `json:"imbalance"` // the most picks of a backend over the mean, of those that have subchannels; 0 without picks

	backends []backendStatus // by name
}

// channelStatus is the state of one channel, as its policy reported it.
type channelStatus struct {
	State string    `json:"state"`
	Since time.Time `json:"since"`
}

// backendStatus is the state of one backend.
type backendStatus struct {
	Target  string `json:"target"`
	Policy  string `json:"policy"`
	Backend string `json:"backend"`
	// State is the best one that a subchannel to the backend is in: READY,
	// CONNECTING, IDLE or TRANSIENT_FAILURE; empty if there is none any more.
	State          string            `json:"state"`
	Since          time.Time         `json:"since,omitzero"` // the first that is in this state
	Subchannels    int               `json:"subchannels"`
	Picks          uint64            `json:"picks"`
	Share          float64           `json:"share"` // of the target's picks, 0 to 1
	Repicks        uint64            `json:"repicks"`
	InFlight       int64             `json:"in_flight"`
	RPCs           map[string]uint64 `json:"rpcs"` // by status code, without those that are 0
	Connected      uint64            `json:"connection_attempts_succeeded"`
	ConnectFailed  uint64            `json:"connection_attempts_failed"`
	Disconnections uint64            `json:"disconnections"`
	Early          uint64            `json:"early_disconnections,omitempty"` // of these, within a second of being made
	LastError      string            `json:"last_connection_error,omitempty"`
	LastErrorAt    time.Time         `json:"last_connection_error_at,omitzero"`

	failed uint64 // RPCs with another code than OK
}

// status returns the state of all targets, by target and policy.
func (m *Metrics) status(at clocks) []targetStatus {
	all := make([]targetStatus, 0)
	for _, s := range m.snapshot() {
		all = append(all, s.status(at))
	}
	slices.SortFunc(all, func(a, b targetStatus) int {
		return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.Policy, b.Policy))
	})
	return all
}

func (s series) status(at clocks) targetStatus {
	t := s.target
	st := targetStatus{
		Target:       t.key.target,
		Policy:       t.key.policy,
		Channels:     make([]channelStatus, 0, len(s.channels)),
		Backends:     len(s.backends),
		PicksDelayed: t.delayed.Load(),
		PicksFailed:  t.failed.Load(),
		Folded:       t.folded.Load(),
		Waiting:      t.waiting.Load(),
		backends:     make([]backendStatus, 0, len(s.backends)),
	}
	conns := make(map[*backend]connStatus, len(s.backends))
	for _, c := range s.channels {
		st.Channels = append(st.Channels, c.status(conns, at))
	}
	slices.SortFunc(st.Channels, func(a, b channelStatus) int { return a.Since.Compare(b.Since) })
	for _, b := range s.backends {
		st.backends = append(st.backends, b.status(conns[b], at))
	}
	slices.SortFunc(st.backends, func(a, b backendStatus) int { return cmp.Compare(a.Backend, b.Backend) })
	st.sum()
	return st
}

// sum sets what follows from all backends together.
func (st *targetStatus) sum() {
	var most, sum, listed uint64
	for _, b := range st.backends {
		st.Picks += b.Picks
		if b.Subchannels > 0 {
			most, sum, listed = max(most, b.Picks), sum+b.Picks, listed+1
		}
		if b.State == connectivity.Ready.String() {
			st.Ready++
		}
	}
	if sum > 0 {
		st.Imbalance = float64(most) * float64(listed) / float64(sum)
	}
	if st.Picks == 0 {
		return
	}
	for i := range st.backends {
		st.backends[i].Share = float64(st.backends[i].Picks) / float64(st.Picks)
	}
}

// connStatus is the state of the SubConns to one backend.
type connStatus struct {
	n     int
	state connectivity.State
	since instant
}

// better orders states by how near they are to READY.
var better = [numStates]int{
	connectivity.Ready: 3, connectivity.Connecting: 2, connectivity.Idle: 1, connectivity.TransientFailure: 0,
}

// add adds one SubConn.
func (s connStatus) add(state connectivity.State, since instant) connStatus {
	s.n++
	switch {
	case s.n == 1 || better[state] > better[s.state]:
		s.state, s.since = state, since
	case state == s.state && since < s.since:
		s.since = since
	}
	return s
}

// status returns the channel's state and adds its SubConns to conns.
func (c *channel) status(conns map[*backend]connStatus, at clocks) channelStatus {
	c.mu.Lock()
	defer c.mu.Unlock()
	for sc := range c.live {
		conns[sc.backend] = conns[sc.backend].add(sc.state, sc.since)
	}
	return channelStatus{State: c.state.String(), Since: at.timeOf(c.since)}
}

func (b *backend) status(conns connStatus, at clocks) backendStatus {
	traffic := b.traffic()
	s := backendStatus{
		Target:         b.target.key.target,
		Policy:         b.target.key.policy,
		Backend:        b.namePair.GetValue(),
		Subchannels:    conns.n,
		Picks:          traffic.picks,
		Repicks:        traffic.repicks,
		InFlight:       traffic.inFlight,
		RPCs:           make(map[string]uint64),
		Connected:      b.connected.Load(),
		ConnectFailed:  b.connectFailed.Load(),
		Disconnections: b.disconnections.Load(),
		Early:          b.early.Load(),
	}
	if conns.n > 0 {
		s.State, s.Since = conns.state.String(), at.timeOf(conns.since)
	}
	for code, n := range traffic.finished {
		if n > 0 {
			s.RPCs[codes.Code(code).String()] = n
		}
		if codes.Code(code) != codes.OK {
			s.failed += n
		}
	}
	if f := b.lastFailure.Load(); f != nil {
		s.LastErrorAt = at.timeOf(f.at)
		if f.err != nil {
			s.LastError = f.err.Error()
		}
	}
	return s
}
