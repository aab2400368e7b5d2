package livepage

import (
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/selection"
)

// jsonVersion changes when a field is renamed, removed or gets another meaning. New
// fields do not change it.
const jsonVersion = 1

// The types below are the page as JSON. Programs rely on their fields, and README.md
// of package metrics documents them. Times are UTC.

// pageJSON has Page, PerPage and Pages only if the request asks for a page.
type pageJSON struct {
	Version  int           `json:"version"`
	Time     time.Time     `json:"time"`
	Targets  []targetJSON  `json:"targets"`
	Matched  int           `json:"matched"` // number of backends on all pages
	Page     int           `json:"page,omitempty"`
	PerPage  int           `json:"per_page,omitempty"`
	Pages    int           `json:"pages,omitempty"`
	Backends []backendJSON `json:"backends"`
}

type targetJSON struct {
	Target       string         `json:"target"`
	Policy       string         `json:"policy"`
	Instances    []instanceJSON `json:"policy_instances"` // the oldest state first
	Backends     int            `json:"backends"`
	Ready        int            `json:"backends_ready"`
	Usable       int            `json:"backends_usable"` // those that get picks
	Picks        uint64         `json:"picks"`           // of all backends
	PicksDelayed uint64         `json:"picks_delayed"`
	PicksFailed  uint64         `json:"picks_failed"`
	Waiting      int64          `json:"waiting"` // RPC attempts that wait for a pick now
	Folded       uint64         `json:"folded_subchannels"`
	Imbalance    float64        `json:"imbalance"` // the highest rate of a usable backend over the mean of all; 0 without picks

	Summary  string      `json:"summary"`
	Severity string      `json:"severity"`         // bad, warn, ok or idle
	Present  int         `json:"backends_present"` // those with a subchannel
	Down     int         `json:"backends_down"`
	Recent   recentJSON  `json:"recent"`
	History  []pointJSON `json:"history"` // oldest first
	Events   []eventJSON `json:"events"`  // newest first
}

type instanceJSON struct {
	State string    `json:"state"`
	Since time.Time `json:"since"`
}

type backendJSON struct {
	Target         string         `json:"target"`
	Policy         string         `json:"policy"`
	Backend        string         `json:"backend"`
	State          string         `json:"state"` // the best state of its subchannels; empty without subchannels
	Since          time.Time      `json:"since,omitzero"`
	Subchannels    int            `json:"subchannels"`
	Ready          int            `json:"ready_subchannels"`
	Usable         int            `json:"usable_subchannels"`
	Unusable       map[string]int `json:"unusable_subchannels,omitempty"` // READY ones, by reason
	Picks          uint64         `json:"picks"`
	Share          float64        `json:"share"` // of the target's picks, 0 to 1
	Repicks        uint64         `json:"repicks"`
	InFlight       int64          `json:"in_flight"`
	RPCs           *rpcsJSON      `json:"rpcs"`
	Connected      uint64         `json:"connection_attempts_succeeded"`
	ConnectFailed  uint64         `json:"connection_attempts_failed"`
	Disconnections uint64         `json:"disconnections"`
	Early          uint64         `json:"early_disconnections,omitempty"` // disconnections within a second of connecting
	LastError      string         `json:"last_connection_error,omitempty"`
	LastErrorAt    time.Time      `json:"last_connection_error_at,omitzero"`
	LastVerdict    string         `json:"last_unusable_reason,omitempty"`
	LastVerdictErr string         `json:"last_unusable_error,omitempty"`
	LastVerdictAt  time.Time      `json:"last_unusable_at,omitzero"`

	Condition      string        `json:"condition"`
	DownSince      time.Time     `json:"down_since,omitzero"`
	UpSince        time.Time     `json:"up_since,omitzero"`
	FailedAttempts uint64        `json:"failed_attempts,omitempty"` // since down_since
	LastRPCError   *rpcErrorJSON `json:"last_rpc_error,omitempty"`
	Recent         recentJSON    `json:"recent"`
}

type rpcErrorJSON struct {
	Code string    `json:"code"`
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

func newPageJSON(p *selection.Page) pageJSON {
	out := pageJSON{
		Version: jsonVersion, Time: p.Time.UTC(), Matched: p.Matched,
		Targets: make([]targetJSON, 0, len(p.Targets)), Backends: make([]backendJSON, 0, len(p.Shown)),
	}
	if p.Query.Paged {
		out.Page, out.PerPage, out.Pages = p.Query.Page, p.Query.PerPage, p.Query.Pages(p.Matched)
	}
	for _, t := range p.Targets {
		out.Targets = append(out.Targets, newTargetJSON(t))
	}
	for i := range p.Shown {
		out.Backends = append(out.Backends, newBackendJSON(&p.Shown[i]))
	}
	return out
}

func newTargetJSON(t *selection.Target) targetJSON {
	instances := make([]instanceJSON, 0, len(t.Instances))
	for _, i := range t.Instances {
		instances = append(instances, instanceJSON{State: i.State.String(), Since: i.Since.UTC()})
	}
	said := t.Sentence()
	return targetJSON{
		Target:       t.Target,
		Policy:       t.Policy,
		Instances:    instances,
		Backends:     len(t.Backends),
		Ready:        t.Ready,
		Usable:       t.Usable,
		Picks:        t.Picks,
		PicksDelayed: t.PicksDelayed,
		PicksFailed:  t.PicksFailed,
		Waiting:      t.Waiting,
		Folded:       t.Folded,
		Imbalance:    t.Imbalance(),
		Summary:      said.String(),
		Severity:     said.Severity.String(),
		Present:      t.Present(),
		Down:         t.Down(),
		Recent:       recentJSON{&t.Recent, nil},
		History:      newHistoryJSON(t.History),
		Events:       newEventsJSON(t.Events),
	}
}

func newBackendJSON(r *selection.Row) backendJSON {
	out := backendJSON{
		Target:         r.Target.Target,
		Policy:         r.Target.Policy,
		Backend:        r.Name,
		Since:          r.Since.UTC(),
		Subchannels:    r.Subchannels,
		Ready:          r.Ready,
		Usable:         r.Usable(),
		Unusable:       r.Unusable,
		Picks:          r.Picks,
		Share:          r.LifetimeShare(),
		Repicks:        r.Repicks,
		InFlight:       r.InFlight,
		RPCs:           (*rpcsJSON)(&r.RPCs),
		Connected:      r.Connected,
		ConnectFailed:  r.ConnectFailed,
		Disconnections: r.Disconnections,
		Early:          r.Early,
		LastError:      errorText(r.LastError),
		LastErrorAt:    r.LastErrorAt.UTC(),
		LastVerdict:    r.Verdict.Reason,
		LastVerdictErr: errorText(r.Verdict.Err),
		LastVerdictAt:  r.Verdict.At.UTC(),
		Condition:      r.Condition.String(),
		DownSince:      r.DownSince.UTC(),
		UpSince:        r.UpSince.UTC(),
		FailedAttempts: r.FailedAttempts,
		LastRPCError:   newRPCErrorJSON(&r.LastRPCError),
		Recent:         recentJSON{&r.Recent, r},
	}
	if r.Subchannels > 0 {
		out.State = r.State.String()
	}
	return out
}

// errorText returns the text of an error, or "" without one.
func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
