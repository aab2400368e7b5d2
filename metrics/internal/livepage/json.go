package livepage

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/grpc-balancer2/balancer2/metrics/internal/grpcstatus"
)

// The types below are the page as JSON. Programs rely on their fields, so do not
// rename or remove any. Times are UTC.

type pageJSON struct {
	Time     time.Time     `json:"time"`
	Targets  []targetJSON  `json:"targets"`
	Matched  int           `json:"matched"`            // number of backends on all pages
	Page     int           `json:"page,omitempty"`     // absent if all backends are on one page
	PerPage  int           `json:"per_page,omitempty"` //
	Pages    int           `json:"pages,omitempty"`    //
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
	Imbalance    float64        `json:"imbalance"` // the highest picks of a backend divided by the mean, of the usable backends; 0 without picks
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
}

func newPageJSON(p page) pageJSON {
	out := pageJSON{
		Time: p.time.UTC(), Matched: len(p.matched),
		Targets: make([]targetJSON, 0, len(p.targets)), Backends: make([]backendJSON, 0, len(p.shown)),
	}
	if p.query.paged {
		out.Page, out.PerPage, out.Pages = p.query.page, p.query.perPage, p.query.pages(len(p.matched))
	}
	for _, t := range p.targets {
		out.Targets = append(out.Targets, newTargetJSON(t))
	}
	for _, r := range p.shown {
		out.Backends = append(out.Backends, newBackendJSON(r))
	}
	return out
}

func newTargetJSON(t *targetStatus) targetJSON {
	instances := make([]instanceJSON, 0, len(t.Instances))
	for _, i := range t.Instances {
		instances = append(instances, instanceJSON{State: i.State.String(), Since: i.Since.UTC()})
	}
	return targetJSON{
		Target:       t.Target,
		Policy:       t.Policy,
		Instances:    instances,
		Backends:     len(t.Backends),
		Ready:        t.ready,
		Usable:       t.usable,
		Picks:        t.picks,
		PicksDelayed: t.PicksDelayed,
		PicksFailed:  t.PicksFailed,
		Waiting:      t.Waiting,
		Folded:       t.Folded,
		Imbalance:    t.imbalance,
	}
}

func newBackendJSON(r row) backendJSON {
	out := backendJSON{
		Target:         r.target.Target,
		Policy:         r.target.Policy,
		Backend:        r.Name,
		Since:          r.Since.UTC(),
		Subchannels:    r.Subchannels,
		Ready:          r.Ready,
		Usable:         r.usable(),
		Unusable:       r.Unusable,
		Picks:          r.Picks,
		Share:          r.share(),
		Repicks:        r.Repicks,
		InFlight:       r.InFlight,
		RPCs:           (*rpcsJSON)(&r.RPCs),
		Connected:      r.Connected,
		ConnectFailed:  r.ConnectFailed,
		Disconnections: r.Disconnections,
		Early:          r.Early,
		LastError:      r.lastError(),
		LastErrorAt:    r.LastErrorAt.UTC(),
		LastVerdict:    r.Verdict.Reason,
		LastVerdictErr: r.Verdict.text(),
		LastVerdictAt:  r.Verdict.At.UTC(),
	}
	if r.Subchannels > 0 {
		out.State = r.State.String()
	}
	return out
}

// rpcsJSON counts the RPC attempts that ended, by code. In JSON it is an object
// with the names of the codes that occurred. It allocates less than a map.
type rpcsJSON [grpcstatus.Count]uint64

// MarshalJSON implements [json.Marshaler].
func (rpcs *rpcsJSON) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for _, code := range codesByName {
		if n := rpcs[code]; n > 0 {
			if len(b) > 1 {
				b = append(b, ',')
			}
			b = strconv.AppendQuote(b, grpcstatus.Name(code))
			b = strconv.AppendUint(append(b, ':'), n, 10)
		}
	}
	return append(b, '}'), nil
}

var codesByName = func() []codes.Code {
	all := make([]codes.Code, grpcstatus.Count)
	for i := range all {
		all[i] = codes.Code(i)
	}
	slices.SortFunc(all, func(a, b codes.Code) int { return cmp.Compare(grpcstatus.Name(a), grpcstatus.Name(b)) })
	return all
}()
