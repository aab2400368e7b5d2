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

	"github.com/grpc-balancer2/balancer2/metrics/internal/diagnosis"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
	"github.com/grpc-balancer2/balancer2/metrics/internal/selection"
	"github.com/grpc-balancer2/balancer2/metrics/internal/wording"
)

// backendView is a row of the list.
type backendView struct {
	ID             string
	Target, Policy text
	Backend        text
	State          stateView
	Detail         string // what else there is to say about the state
	Note           string // what is wrong with a usable backend; "" for nothing
	Verdict        text   // the error that made the last of its subchannels unusable
	VerdictAt      moment
	Since          moment
	Rate           string
	Success        string
	Erring         bool
	Latency, Tail  string // the mean, measured or estimated; the 99th percentile, "" if it is not known
	Share          string
	Bar            string // the width of the share's bar, of 100; "" for none
	Alone          bool   // no other backend of the target is usable
	Times          string // how the share compares with an equal one
	InFlight       string
	Error          text
	ErrorAt        moment
	RPCError       text // the last RPC error, with its code
	RPCErrorAt     moment
	Totals         totalsView
}

// totalsView is the numbers of a backend since it was first listed.
type totalsView struct {
	Picks, Repicks string // no Repicks for 0
	Codes          []codeView
	Connected      string
	Failed, Lost   string // "" for 0
	Early          string // disconnections within a second of connecting; "" for 0
}

func newBackendView(r selection.Row, now time.Time) backendView {
	t := r.Target
	v := backendView{
		ID:     rowID("b", t.Target, t.Policy, r.Name),
		Target: newText(t.Target, wording.MaxName), Policy: newText(t.Policy, wording.MaxName), Backend: newText(cmp.Or(r.Name, "(no name)"), wording.MaxName),
		State:     newBackendState(r),
		Detail:    stateDetail(r),
		Note:      notes[r.Condition],
		Verdict:   newText(errorText(r.CurrentVerdict().Err), maxError),
		VerdictAt: newMoment(r.CurrentVerdict().At, now),
		Since:     newMoment(r.ShownSince(), now),
		InFlight:  wording.Grouped(r.InFlight),
		Error:     newText(errorText(r.LastError), maxError),
		ErrorAt:   newMoment(r.LastErrorAt, now),
		Totals:    newTotalsView(r.Backend),
	}
	if e := &r.LastRPCError; !e.At.IsZero() {
		v.RPCError, v.RPCErrorAt = newText(rpcErrorWords(e), maxError), newMoment(e.At, now)
	}
	v.fillRecent(r)
	return v
}

// fillRecent fills in what the backend did lately, as far as it is known.
func (v *backendView) fillRecent(r selection.Row) {
	if w := r.Recent.Current(); w.Known() {
		v.Rate = wording.Rate(w.Rate())
		if r.Usable() > 0 {
			equal := 1 / float64(r.Target.Usable)
			v.Share, v.Alone = wording.FinePercent(r.CurrentShare()), equal == 1
			v.Bar, v.Times = bar(r.CurrentShare(), equal)
		}
	}
	w := r.Settled()
	if w.Ended > 0 {
		v.Success, v.Erring = wording.Percent(1-w.Failing()), r.Condition == diagnosis.Erring
	}
	v.Latency, v.Tail = latencyCells(w)
}

// latencyCells returns the mean and the 99th percentile.
func latencyCells(w *livestatus.Window) (mean, tail string) {
	switch l := &w.Latency; {
	case l.Estimated:
		return estimateWords(w), ""
	case l.Mean == 0:
		return "", ""
	default:
		return wording.Latency(l.Mean), wording.Latency(l.P99)
	}
}

// estimateWords returns the estimated mean, or what it is below; "" if neither is known.
func estimateWords(w *livestatus.Window) string {
	if below := w.Below(); below > 0 {
		return "< " + wording.Latency(below)
	}
	if w.Latency.Mean == 0 {
		return ""
	}
	return "~ " + wording.Latency(w.Latency.Mean)
}

// rpcErrorWords returns the code and the text, as they are.
func rpcErrorWords(e *livestatus.RPCError) string {
	if e.Text == "" {
		return codeName(e.Code)
	}
	return codeName(e.Code) + ": " + e.Text
}

// notes say what is wrong with a usable backend, in the column of its state.
var notes = map[diagnosis.Condition]string{
	diagnosis.Erring: "many errors", diagnosis.Slow: "slow", diagnosis.Starved: "few picks", diagnosis.Crowded: "many picks",
}

func newTotalsView(b *livestatus.Backend) totalsView {
	return totalsView{
		Picks:     wording.Grouped(b.Picks),
		Repicks:   unlessZero(b.Repicks),
		Codes:     newCodeViews(b.RPCs),
		Connected: wording.Grouped(b.Connected),
		Failed:    unlessZero(b.ConnectFailed),
		Lost:      unlessZero(b.Disconnections),
		Early:     unlessZero(b.Early),
	}
}

// newBackendState shows an unusable backend as READY, in a class of its own, and a
// backend that is down as DOWN, whatever its next attempt is doing.
func newBackendState(r selection.Row) stateView {
	if r.Condition == diagnosis.Down {
		return newStateView("DOWN")
	}
	v := newStateView(r.StateName())
	if v.Name == livestatus.UnusableState {
		v.Name = r.State.String()
	}
	return v
}

// stateDetail says what the state alone does not.
func stateDetail(r selection.Row) string {
	var parts []string
	if r.Condition == diagnosis.Down {
		parts = append(parts, r.State.String())
	}
	if r.Subchannels > 1 {
		parts = append(parts, "best of "+wording.Count(r.Subchannels, "subchannel"))
	}
	if n := r.FailedAttempts; r.Condition == diagnosis.Down && n > 0 {
		parts = append(parts, wording.Count(int(n), "attempt")+" failed")
	}
	if s := usableOf(r.Backend); s != "" {
		parts = append(parts, s)
	}
	return strings.Join(parts, ", ")
}

// usableOf says how many READY subchannels are usable, and why the others are not.
func usableOf(b *livestatus.Backend) string {
	if len(b.Unusable) == 0 {
		return ""
	}
	reasons := strings.Join(slices.Sorted(maps.Keys(b.Unusable)), ", ")
	return fmt.Sprintf("%s of %s usable: %s", wording.Grouped(b.Usable()), wording.Grouped(b.Ready), reasons)
}

func unlessZero(n uint64) string {
	if n == 0 {
		return ""
	}
	return wording.Grouped(n)
}

// bar returns the width of a share's bar. Half of the width is an equal share,
// however many backends there are. The full width is twice an equal share or
// more; if there is only one backend, an equal share.
func bar(share, equal float64) (width, times string) {
	full := min(2*equal, 1)
	return strconv.FormatFloat(min(share/full, 1)*100, 'f', 1, 64), fmt.Sprintf("%.2f times an equal share", share/equal)
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
