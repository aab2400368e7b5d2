package livepage_test

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
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
	targets []livestatus.Target

	mu    sync.Mutex
	reads []string // the targets that were read, in turn
}

// add adds a target.
func (b *board) add(target, policy string, st livestatus.Status) {
	b.targets = append(b.targets, livestatus.Target{
		Key: livestatus.Key{Target: target, Policy: policy},
		Read: func() livestatus.Status {
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
func (b *board) list(target, policy string, backends ...livestatus.Backend) {
	b.add(target, policy, livestatus.Status{Backends: backends})
}

func (b *board) page() http.Handler {
	return livepage.New(func() livestatus.Snapshot {
		return livestatus.Snapshot{Time: now, Retention: time.Minute, Targets: b.targets}
	})
}

// backend returns a backend with one subchannel, and one RPC attempt for each of
// the codes.
func backend(name string, state connectivity.State, ends ...codes.Code) livestatus.Backend {
	b := livestatus.Backend{Name: name, Picks: uint64(len(ends))}
	b.AddSubchannel(state, "", hourAgo)
	for _, code := range ends {
		b.RPCs[code]++
	}
	return b
}

// traffic returns windows with RPC attempts per second, and how many of these fail.
func traffic(rate, failed uint64) livestatus.Recent {
	window := func(seconds uint64) livestatus.Window {
		n := seconds * rate
		return livestatus.Window{Span: time.Duration(seconds) * time.Second, Picks: n, Ended: n, Failed: seconds * failed}
	}
	return livestatus.Recent{Short: window(10), Long: window(60)}
}

// refused returns a backend that a connection attempt failed to reach.
func refused(name string, err error) livestatus.Backend {
	b := backend(name, failure)
	b.ConnectFailed, b.LastError, b.LastErrorAt = 1, err, hourAgo
	return b
}

// gone returns the backend without its subchannel.
func gone(b livestatus.Backend) livestatus.Backend {
	b.Subchannels, b.Ready, b.State, b.Since = 0, 0, 0, time.Time{}
	return b
}

// ok returns n codes.
func ok(n int) []codes.Code { return make([]codes.Code, n) }
