package fleet

import (
	"strings"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fetch"
)

// Backend is a backend of a target, as all its clients see it.
type Backend struct {
	Name string
	Traffic
	Seen        [conditions]int // number of clients, by how they see it
	Usable      int             // number of clients that can use it
	Subchannels int             // at all clients
	Working     int             // subchannels that get picks
	DownSince   time.Time       // the earliest since when it is down for a client; zero if none is known
	Error       string          // the last that a client got
	ErrorAt     time.Time
	Reason      string // why it is unusable

	even, evenly float64 // see Share
}

// Clients returns how many clients have subchannels to it.
func (b *Backend) Clients() int {
	n := 0
	for _, seen := range b.Seen {
		n += seen
	}
	return n - b.Seen[Gone]
}

// Worst returns the worst condition that a client sees.
func (b *Backend) Worst() Condition {
	for c, n := range b.Seen {
		if n > 0 {
			return Condition(c)
		}
	}
	return Gone
}

// Share returns the rate of RPC attempts divided by what it would be if each client
// spread its own evenly over the backends that it can use. It is not known if no
// client that can use the backend sends RPCs.
func (b *Backend) Share() (ratio float64, known bool) {
	if b.even <= 0 {
		return 0, false
	}
	return b.evenly / b.even, true
}

// add adds what one client sees of the backend.
func (b *Backend) add(in *fetch.Backend, c Condition, t ages, w *fetch.Window) {
	b.Traffic.add(w)
	b.Seen[c]++
	b.Subchannels += in.Subchannels
	b.Working += in.Usable
	if in.Usable > 0 {
		b.Usable++
	}
	b.addError(t.local(in.LastErrorAt), in.LastError)
	if e := in.LastRPCError; e != nil {
		b.addError(t.local(e.At), strings.TrimSuffix(e.Code+": "+e.Text, ": "))
	}
	if c == Down || c == Unusable {
		b.addError(t.local(in.LastUnusableAt), verdict(in))
	}
	switch since := t.local(in.DownSince); {
	case c == Unusable:
		b.Reason = in.LastUnusableReason
	case c == Down && !since.IsZero() && (b.DownSince.IsZero() || since.Before(b.DownSince)):
		b.DownSince = since
	}
}

// verdict returns what made the backend unusable.
func verdict(b *fetch.Backend) string {
	if b.LastUnusableError == "" {
		return b.LastUnusableReason
	}
	return b.LastUnusableReason + ": " + b.LastUnusableError
}

// addError keeps the latest error.
func (b *Backend) addError(at time.Time, text string) {
	if text != "" && at.After(b.ErrorAt) {
		b.Error, b.ErrorAt = text, at
	}
}
