package diagnosis

import (
	"slices"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
	"github.com/grpc-balancer2/balancer2/metrics/internal/wording"
)

// maxWorst is how many backends in one condition the summary names.
const maxWorst = 2

// group is the backends of a target that are in one condition.
type group struct {
	n              int
	worst          []scored  // the first maxWorst of them, the worst first
	oldest, newest time.Time // when the first and the last of them entered the condition
	reasons        []string  // why they are unusable, sorted
}

type scored struct {
	*livestatus.Backend
	score float32
}

// compareScored orders backends in the same condition, the worst first.
func compareScored(a, b scored) int {
	switch {
	case a.score > b.score:
		return -1
	case a.score < b.score:
		return 1
	}
	return wording.CompareNatural(a.Name, b.Name)
}

// add adds a backend that is in the condition.
func (g *group) add(b *livestatus.Backend, j Judged) {
	g.n++
	since := b.ShownSince()
	if j.Condition == Unusable {
		since = unusableSince(b)
		g.addReasons(b)
	}
	if g.n == 1 || since.Before(g.oldest) {
		g.oldest = since
	}
	if since.After(g.newest) {
		g.newest = since
	}
	g.rank(scored{b, j.score})
}

func (g *group) addReasons(b *livestatus.Backend) {
	for reason := range b.Unusable {
		if i, found := slices.BinarySearch(g.reasons, reason); !found {
			g.reasons = slices.Insert(g.reasons, i, reason)
		}
	}
}

// rank keeps the backend if it is one of the worst.
func (g *group) rank(s scored) {
	at := len(g.worst)
	for at > 0 && compareScored(s, g.worst[at-1]) < 0 {
		at--
	}
	if at == maxWorst {
		return
	}
	if len(g.worst) < maxWorst {
		g.worst = append(g.worst, scored{})
	}
	copy(g.worst[at+1:], g.worst[at:])
	g.worst[at] = s
}
