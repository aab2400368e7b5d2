package livepage

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/grpc-balancer2/balancer2/metrics/internal/grpcstatus"
)

// backendView is a row of the list.
type backendView struct {
	ID             string
	Target, Policy text
	Backend        text
	State          stateView
	Subchannels    string // how many; "" for one
	Usable         string // how many of the READY subchannels are, and why not all; "" if all are
	Verdict        text   // the error that made the last of them unusable
	VerdictAt      *moment
	Since          *moment
	Picks, Repicks string // no Repicks for 0
	Share          string
	Bar            string // the width of the share's bar, of 100
	Alone          bool   // the target has no other backend
	Times          string // how the share compares with an equal one
	InFlight       string
	Codes          []codeView
	Connected      string
	Failed, Lost   string // "" for 0
	Early          string // disconnections within a second of connecting; "" for 0
	Error          text
	ErrorAt        *moment
}

// codeView is a code and how many RPC attempts ended with it.
type codeView struct {
	Code, N string
	Bad     bool
}

// badCodes are codes that suggest a problem of the backend rather than of the RPC.
var badCodes = []codes.Code{
	codes.Unknown, codes.DeadlineExceeded, codes.ResourceExhausted, codes.Internal, codes.Unavailable, codes.DataLoss,
}

func newBackendView(r row, now time.Time) backendView {
	t, equal := r.target, 1/float64(len(r.target.Backends))
	v := backendView{
		ID:     rowID("b", t.Target, t.Policy, r.Name),
		Target: newText(t.Target, maxShort), Policy: newText(t.Policy, maxShort), Backend: newText(cmp.Or(r.Name, "(no name)"), maxShort),
		State:     newBackendState(r),
		Usable:    usableOf(r.Backend),
		Verdict:   newText(r.verdict().text(), maxError),
		VerdictAt: newMoment(r.verdict().At, now),
		Since:     newMoment(r.Since, now),
		Picks:     grouped(r.Picks),
		Repicks:   unlessZero(r.Repicks),
		Share:     percent(r.share()),
		InFlight:  grouped(r.InFlight),
		Codes:     newCodeViews(r.RPCs),
		Connected: grouped(r.Connected),
		Failed:    unlessZero(r.ConnectFailed),
		Lost:      unlessZero(r.Disconnections),
		Early:     unlessZero(r.Early),
		Error:     newText(r.lastError(), maxError),
		ErrorAt:   newMoment(r.LastErrorAt, now),
	}
	if r.Subchannels > 1 {
		v.Subchannels = grouped(r.Subchannels)
	}
	v.Bar, v.Times = bar(r.share(), equal)
	v.Alone = equal == 1
	return v
}

// newBackendState shows READY for a backend that is unusable, in another class.
func newBackendState(r row) stateView {
	v := newStateView(r.stateName())
	if v.Name == unusableState {
		v.Name = r.State.String()
	}
	return v
}

// usableOf says how many READY subchannels are usable, and why the others are not.
func usableOf(b *Backend) string {
	if len(b.Unusable) == 0 {
		return ""
	}
	reasons := strings.Join(slices.Sorted(maps.Keys(b.Unusable)), ", ")
	return fmt.Sprintf("%s of %s usable: %s", grouped(b.usable()), grouped(b.Ready), reasons)
}

func unlessZero(n uint64) string {
	if n == 0 {
		return ""
	}
	return grouped(n)
}

// bar returns the width of a share's bar. Half of the width is an equal share,
// however many backends there are. The full width is twice an equal share or
// more; if there is only one backend, an equal share.
func bar(share, equal float64) (width, times string) {
	full := min(2*equal, 1)
	return strconv.FormatFloat(min(share/full, 1)*100, 'f', 1, 64), fmt.Sprintf("%.2f times an equal share", share/equal)
}

// newCodeViews puts OK first, then the most frequent code.
func newCodeViews(rpcs [grpcstatus.Count]uint64) []codeView {
	var seen []codes.Code
	for code, n := range rpcs {
		if n > 0 {
			seen = append(seen, codes.Code(code))
		}
	}
	slices.SortFunc(seen, func(a, b codes.Code) int {
		switch {
		case a == codes.OK:
			return -1
		case b == codes.OK:
			return 1
		}
		return cmp.Or(cmp.Compare(rpcs[b], rpcs[a]), cmp.Compare(grpcstatus.Name(a), grpcstatus.Name(b)))
	})
	views := make([]codeView, len(seen))
	for i, code := range seen {
		views[i] = codeView{Code: grpcstatus.Name(code), N: grouped(rpcs[code]), Bad: slices.Contains(badCodes, code)}
	}
	return views
}

// rowID returns the ID of a row. It is the same in each answer, so that the script
// can find the row again.
func rowID(kind, target, policy, backend string) string {
	h := fnv.New64a()
	for _, s := range []string{target, policy, backend} {
		_, _ = io.WriteString(h, s+"\x00")
	}
	return kind + strconv.FormatUint(h.Sum64(), 36)
}
