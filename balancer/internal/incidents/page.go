package incidents

import "time"

// Page has the fields of the live page's JSON that incidents check.
type Page struct {
	Version  int       `json:"version"`
	Targets  []Target  `json:"targets"`
	Backends []Backend `json:"backends"` // the worst first

	asked, came time.Time // the page shows a moment between these
}

// Target is a target of the page.
type Target struct {
	Backends int     `json:"backends"`
	Present  int     `json:"backends_present"`
	Down     int     `json:"backends_down"`
	Usable   int     `json:"backends_usable"`
	Summary  string  `json:"summary"`
	Severity string  `json:"severity"`
	Recent   Windows `json:"recent"`
	Events   []Event `json:"events"` // newest first
	Failed   uint64  `json:"picks_failed"`
}

// Backend is a backend of a target.
type Backend struct {
	Name           string         `json:"backend"`
	State          string         `json:"state"`
	Condition      string         `json:"condition"`
	Ready          int            `json:"ready_subchannels"`
	Usable         int            `json:"usable_subchannels"`
	Unusable       map[string]int `json:"unusable_subchannels"`
	UnusableReason string         `json:"last_unusable_reason"`
	UnusableAt     time.Time      `json:"last_unusable_at"`
	LastError      string         `json:"last_connection_error"`
	DownSince      time.Time      `json:"down_since"`
	UpSince        time.Time      `json:"up_since"`
	FailedAttempts uint64         `json:"failed_attempts"`
	LastRPCError   *RPCError      `json:"last_rpc_error"`
	Recent         Windows        `json:"recent"`
}

// RPCError is how the last RPC attempt failed.
type RPCError struct {
	Code string    `json:"code"`
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

// Windows are the windows of a target or backend. One that the page does not show is
// nil.
type Windows struct {
	Short *Window `json:"10s"`
	Long  *Window `json:"1m"`
}

func short(w *Windows) *Window { return w.Short }
func long(w *Windows) *Window  { return w.Long }

// Window is what happened in a window.
type Window struct {
	Span    float64  `json:"span_seconds"`
	Rate    float64  `json:"rps"`
	Errors  float64  `json:"errors_per_second"`
	Success *float64 `json:"success_rate"`
	Share   *float64 `json:"share"`
	Latency *struct {
		Count     uint64  `json:"count"`
		P50       float64 `json:"p50"`
		P95       float64 `json:"p95"`
		P99       float64 `json:"p99"`
		Estimated bool    `json:"estimated"`
	} `json:"latency_seconds"`
}

func (w *Window) span() time.Duration { return time.Duration(w.Span * float64(time.Second)) }

// Event is something that happened.
type Event struct {
	At           time.Time `json:"at"`
	First        time.Time `json:"first_at"`
	Kind         string    `json:"kind"`
	Backend      string    `json:"backend"`
	Text         string    `json:"text"`
	N            int       `json:"n"`
	Endpoints    int       `json:"endpoints"`
	Added        []string  `json:"added"`
	Removed      []string  `json:"removed"`
	AddedCount   int       `json:"added_count"`
	RemovedCount int       `json:"removed_count"`
}

// Doubt returns by how much times on the page may be wrong. The page counts them back
// from the moment at which it is made, which is between asked and came.
func (p *Page) Doubt() time.Duration { return time.Millisecond + p.came.Sub(p.asked) }

// Backend returns the backend of the name, or nil.
func (p *Page) Backend(name string) *Backend {
	for i := range p.Backends {
		if p.Backends[i].Name == name {
			return &p.Backends[i]
		}
	}
	return nil
}
