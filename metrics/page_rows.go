package metrics

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"google.golang.org/grpc/codes"
)

// backendView is a row of the list.
type backendView struct {
	ID              string
	Target, Policy  text
	Backend         text
	State           stateView
	Subchannels     string // "" for one
	Since           *moment
	Picks, Repicks  string // no Repicks for 0
	Share           string
	Bar             string // the width of the share's bar, of 100
	Alone           bool   // there is no other backend to share with
	Times           string // how the share compares with an equal one
	InFlight        string
	Codes           []codeView
	Connected       string
	Failed, Dropped string // "" for 0
	Early           string // of Dropped, those of connections that had just been made; "" for 0
	Error           text
	ErrorAt         *moment
}

// codeView is how many RPC attempts ended with a code.
type codeView struct {
	Code, N string
	Bad     bool
}

// troubles are the codes that speak of a backend in trouble rather than of the
// RPC itself.
var troubles = []codes.Code{
	codes.Unknown, codes.DeadlineExceeded, codes.ResourceExhausted, codes.Internal, codes.Unavailable, codes.DataLoss,
}

func newBackendView(b *backendStatus, equal float64, now time.Time) backendView {
	v := backendView{
		ID:     rowID("b", b.Target, b.Policy, b.Backend),
		Target: newText(b.Target, maxShort), Policy: newText(b.Policy, maxShort), Backend: newText(cmp.Or(b.Backend, "(no name)"), maxShort),
		State:     newStateView(b.stateName()),
		Since:     newMoment(b.Since, now),
		Picks:     grouped(b.Picks),
		Repicks:   unlessZero(b.Repicks),
		Share:     percent(b.Share),
		InFlight:  grouped(b.InFlight),
		Codes:     newCodeViews(b.RPCs),
		Connected: grouped(b.Connected),
		Failed:    unlessZero(b.ConnectFailed),
		Dropped:   unlessZero(b.Disconnections),
		Early:     unlessZero(b.Early),
		Error:     newText(b.LastError, maxError),
		ErrorAt:   newMoment(b.LastErrorAt, now),
	}
	if b.Subchannels > 1 {
		v.Subchannels = grouped(b.Subchannels)
	}
	v.Bar, v.Times = bar(b.Share, equal)
	v.Alone = equal == 1
	return v
}

func unlessZero(n uint64) string {
	if n == 0 {
		return ""
	}
	return grouped(n)
}

// equalShares returns the share that each backend of a target would have if all
// had the same.
func equalShares(targets []targetStatus) map[targetKey]float64 {
	equal := make(map[targetKey]float64, len(targets))
	for _, t := range targets {
		equal[targetKey{t.Target, t.Policy}] = 1 / float64(max(t.Backends, 1))
	}
	return equal
}

// bar returns the width of a share's bar. Half of it is an equal share, however
// many backends there are, and all of it is twice that or more. A backend that
// is alone can have all of it.
func bar(share, equal float64) (width, times string) {
	full := min(2*equal, 1)
	return strconv.FormatFloat(min(share/full, 1)*100, 'f', 1, 64), fmt.Sprintf("%.2f times an equal share", share/equal)
}

// newCodeViews puts OK first, then the most frequent.
func newCodeViews(rpcs map[string]uint64) []codeView {
	views := make([]codeView, 0, len(rpcs))
	ok := codes.OK.String()
	for _, code := range slices.SortedFunc(maps.Keys(rpcs), func(a, b string) int {
		switch {
		case a == ok:
			return -1
		case b == ok:
			return 1
		}
		return cmp.Or(cmp.Compare(rpcs[b], rpcs[a]), cmp.Compare(a, b))
	}) {
		bad := slices.ContainsFunc(troubles, func(c codes.Code) bool { return c.String() == code })
		views = append(views, codeView{Code: code, N: grouped(rpcs[code]), Bad: bad})
	}
	return views
}

// rowID is the same for the same row in each answer, so that the script finds
// it again.
func rowID(kind, target, policy, backend string) string {
	h := fnv.New64a()
	for _, s := range []string{target, policy, backend} {
		_, _ = io.WriteString(h, s+"\x00")
	}
	return kind + strconv.FormatUint(h.Sum64(), 36)
}
