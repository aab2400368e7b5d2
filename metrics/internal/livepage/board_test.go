package livepage_test

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage"
)

const (
	ready      = connectivity.Ready
	connecting = connectivity.Connecting
	idle       = connectivity.Idle
	failure    = connectivity.TransientFailure
)

// now is the time of each answer. Everything began an hour before it.
var (
	now     = time.Date(2000, time.January, 1, 1, 0, 0, 0, time.UTC)
	hourAgo = now.Add(-time.Hour)
)

// board is a source for the page that a test fills. Its zero value is empty.
type board struct {
	targets []livepage.Target

	mu    sync.Mutex
	reads []string // the targets that were read, in turn
}

// add adds a target.
func (b *board) add(target, policy string, st livepage.Status) {
	b.targets = append(b.targets, livepage.Target{
		Key: livepage.Key{Target: target, Policy: policy},
		Read: func() livepage.Status {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.reads = append(b.reads, target+"/"+policy)
			st := st
			st.Instances, st.Backends = slices.Clone(st.Instances), slices.Clone(st.Backends)
			return st
		},
	})
}

// list adds a target with the backends.
func (b *board) list(target, policy string, backends ...livepage.Backend) {
	b.add(target, policy, livepage.Status{Backends: backends})
}

func (b *board) page() http.Handler {
	return livepage.New(func() livepage.Snapshot {
		return livepage.Snapshot{Time: now, Retention: time.Minute, Targets: b.targets}
	})
}

// backend returns a backend with one subchannel, and one RPC attempt for each of
// the codes.
func backend(name string, state connectivity.State, ends ...codes.Code) livepage.Backend {
	b := livepage.Backend{Name: name, Picks: uint64(len(ends))}
	b.AddSubchannel(state, "", hourAgo)
	for _, code := range ends {
		b.RPCs[code]++
	}
	return b
}

// traffic returns windows with RPC attempts per second, and how many of these fail.
func traffic(rate, failed uint64) livepage.Recent {
	window := func(seconds uint64) livepage.Window {
		n := seconds * rate
		return livepage.Window{Span: time.Duration(seconds) * time.Second, Picks: n, Ended: n, Failed: seconds * failed}
	}
	return livepage.Recent{Short: window(10), Long: window(60)}
}

// refused returns a backend that a connection attempt failed to reach.
func refused(name string, err error) livepage.Backend {
	b := backend(name, failure)
	b.ConnectFailed, b.LastError, b.LastErrorAt = 1, err, hourAgo
	return b
}

// gone returns the backend without its subchannel.
func gone(b livepage.Backend) livepage.Backend {
	b.Subchannels, b.Ready, b.State, b.Since = 0, 0, 0, time.Time{}
	return b
}

// ok returns n codes.
func ok(n int) []codes.Code { return make([]codes.Code, n) }
