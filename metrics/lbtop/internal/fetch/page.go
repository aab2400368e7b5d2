package fetch

import "time"

// Version is the version of the page's JSON that this package reads.
const Version = 1

// Page is the answer of one process. Its texts are as the process sent them: they
// may hold anything, also escape sequences for terminals.
type Page struct {
	Version  int       `json:"version"`
	Time     time.Time `json:"time"` // by the process's clock, like all times of the page
	Targets  []Target  `json:"targets"`
	Backends []Backend `json:"backends"`
}

// Target is a target under one policy.
type Target struct {
	Target   string  `json:"target"`
	Policy   string  `json:"policy"`
	Summary  string  `json:"summary"`  // what is wrong, in a sentence
	Severity string  `json:"severity"` // of what the summary says: bad, warn, ok or idle
	Waiting  int64   `json:"waiting"`  // RPC attempts that wait for a pick now
	Recent   Recent  `json:"recent"`
	Events   []Event `json:"events"` // newest first
}

// Backend is a backend of a target.
type Backend struct {
	Target             string    `json:"target"`
	Policy             string    `json:"policy"`
	Backend            string    `json:"backend"`
	Subchannels        int       `json:"subchannels"`
	Usable             int       `json:"usable_subchannels"`
	Condition          string    `json:"condition"`  // what matters most about it
	DownSince          time.Time `json:"down_since"` // zero if it is not down
	Recent             Recent    `json:"recent"`
	LastError          string    `json:"last_connection_error"`
	LastErrorAt        time.Time `json:"last_connection_error_at"`
	LastUnusableReason string    `json:"last_unusable_reason"`
	LastUnusableError  string    `json:"last_unusable_error"`
	LastUnusableAt     time.Time `json:"last_unusable_at"`
	LastRPCError       *RPCError `json:"last_rpc_error"` // nil unless the process keeps it
}

// RPCError is how an RPC attempt failed.
type RPCError struct {
	Code string    `json:"code"`
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

// Recent has what happened lately. A window is nil if the process has no samples.
type Recent struct {
	Short *Window `json:"10s"`
	Long  *Window `json:"1m"`
}

// Window is what happened in one stretch of time.
type Window struct {
	RPS             float64  `json:"rps"` // RPC attempts
	ErrorsPerSecond float64  `json:"errors_per_second"`
	SuccessRate     *float64 `json:"success_rate"` // 0 to 1; nil if no RPC attempt ended
	Latency         *Latency `json:"latency_seconds"`
}

// Latency is the latency of RPC attempts, in seconds.
type Latency struct {
	Count     uint64  `json:"count"`
	Mean      float64 `json:"mean"`
	P99       float64 `json:"p99"`
	Estimated bool    `json:"estimated"` // Mean is RPCs in flight divided by their rate; there are no quantiles
}

// Event is something that changed.
type Event struct {
	At      time.Time `json:"at"` // the last time, if N is more than 1
	Kind    string    `json:"kind"`
	Backend string    `json:"backend"`
	Text    string    `json:"text"` // the error or a detail
	N       int       `json:"n"`    // how often it came

	// Of resolver updates: how many endpoints there are, and those that came and
	// went, of which the first few have names.
	Endpoints    int      `json:"endpoints"`
	Added        []string `json:"added"`
	Removed      []string `json:"removed"`
	AddedCount   int      `json:"added_count"`
	RemovedCount int      `json:"removed_count"`
}
