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
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus/statustest"
)

const (
	ready      = connectivity.Ready
	connecting = connectivity.Connecting
	idle       = connectivity.Idle
	failure    = connectivity.TransientFailure
)

// Names for tables.
var (
	now, hourAgo = statustest.Now, statustest.HourAgo

	backend = statustest.Backend
	refused = statustest.Refused
	watched = statustest.Watched
	busy    = statustest.Busy
	even    = statustest.Even
	ward    = statustest.Ward

	open    = statustest.Open
	sum     = statustest.Sum
	traffic = statustest.Traffic

	with       = statustest.With
	downFor    = statustest.DownFor
	isUnusable = statustest.IsUnusable
	fails      = statustest.Fails
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

// gone returns the backend without its subchannel.
func gone(b livestatus.Backend) livestatus.Backend {
	b.Subchannels, b.Ready, b.State, b.Since = 0, 0, 0, time.Time{}
	return b
}

// ok returns n codes.
func ok(n int) []codes.Code { return make([]codes.Code, n) }
