package incidents

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Look is one look at the page, and what is wrong with what it shows.
type Look struct {
	*Page
	*Stage

	wrong  []string
	hurt   []string // see hiccups
	looked bool
}

// Errorf records that something is wrong. The page may yet show it right.
func (l *Look) Errorf(format string, args ...any) {
	l.wrong = append(l.wrong, fmt.Sprintf(format, args...))
}

// Never reports what no page may show, however busy the machine is. It fails the test.
func (l *Look) Never(format string, args ...any) {
	l.t.Helper()
	l.t.Errorf(format, args...)
}

// maxWrong is how many of the things that are wrong String tells.
const maxWrong = 20

// String says what is wrong, and what the page says.
func (l *Look) String() string {
	if l == nil {
		return "nothing of the target"
	}
	told := l.wrong[:min(len(l.wrong), maxWrong)]
	return fmt.Sprintf("%s\n(%d in all)\nsummary: %s\nevents: %+v", strings.Join(told, "\n"), len(l.wrong), l.Target().Summary, l.Target().Events)
}

// Target returns the target.
func (l *Look) Target() *Target { return &l.Targets[0] }

// Since returns how long ago the incident began.
func (l *Look) Since() time.Duration { return l.came.Sub(l.Began) }

// Count checks how many backends there are, and how many of them are usable and down.
func (l *Look) Count(present, usable, down int) {
	t := l.Target()
	if t.Present != present || t.Usable != usable || t.Down != down {
		l.Errorf("%d backends, %d usable, %d down; want %d, %d, %d", t.Present, t.Usable, t.Down, present, usable, down)
	}
}

// Says checks the severity, unless it is empty, and that the summary has the words. If
// all should be well, the summary may instead say which backends are slow, if they
// really were.
func (l *Look) Says(severity string, words ...string) {
	t := l.Target()
	if severity == "ok" && t.Severity == "warn" && l.saysOnlyHiccups() {
		return
	}
	if severity != "" && t.Severity != severity {
		l.Errorf("severity %s, want %s", t.Severity, severity)
	}
	for _, w := range words {
		if !strings.Contains(t.Summary, w) {
			l.Errorf("the summary does not say %q", w)
		}
	}
}

func (l *Look) saysOnlyHiccups() bool {
	for part := range strings.SplitSeq(l.Target().Summary, "; ") {
		if !strings.Contains(part, " slow") {
			return false
		}
	}
	return len(l.hiccups()) > 0
}

// Is checks the condition of a backend, and returns the backend. Instead of ok, the
// condition may be slow if the backend really was.
func (l *Look) Is(name, condition string) *Backend {
	b := l.Backend(name)
	if b == nil {
		l.Errorf("%s is missing", name)
		return &Backend{}
	}
	if b.Condition != condition && (condition != "ok" || !slices.Contains(l.hiccups(), name)) {
		l.Errorf("%s is %s, want %s", name, b.Condition, condition)
	}
	return b
}

// OnTop checks that the culprit is the first of the list, and that no other server
// is in its condition.
func (l *Look) OnTop(condition string) {
	for i, b := range l.Backends {
		if (i == 0) != (b.Name == l.Name()) {
			l.Errorf("row %d is %s (%s), the one at fault is %s", i, b.Name, b.Condition, l.Name())
		}
		if i > 0 && b.Condition == condition && !slices.Contains(l.hiccups(), b.Name) {
			l.Errorf("%s is %s, too", b.Name, condition)
		}
	}
}

// During checks that something happened soon after the incident began. A machine on
// which the page takes long has more time.
func (l *Look) During(what string, at time.Time) {
	late := at.Sub(l.Began)
	if late < -l.Doubt() || late > promised+20*l.slowest {
		l.Errorf("%s is %v after the incident began", what, late)
	}
}

// Happened checks that the event is among those of the target, with its time, and
// returns it. An empty backend stands for any.
func (l *Look) Happened(kind, backend string) Event {
	for _, e := range l.Target().Events {
		if e.Kind == kind && (backend == "" || e.Backend == backend) {
			l.During("event "+kind, e.At)
			return e
		}
	}
	l.Errorf("no event %s of %s", kind, backend)
	return Event{}
}

// Quiet checks that no event of these kinds happened since the incident began.
func (l *Look) Quiet(kinds ...string) {
	for _, e := range l.Target().Events {
		for _, kind := range kinds {
			if e.Kind == kind && e.At.After(l.Began) {
				l.Errorf("event %+v", e)
			}
		}
	}
}

// Unusable checks that the culprit alone is READY but not usable, for the reason, since
// the incident began.
func (l *Look) Unusable(reason string) {
	n := len(l.Servers)
	l.Count(n, n-1, 0)
	l.Says("", fmt.Sprintf("1 of %d backends %s for ", n, reason), l.Name())
	l.OnTop("unusable")
	b := l.Is(l.Name(), "unusable")
	if b.Ready != 1 || b.Unusable[reason] != 1 || b.UnusableReason != reason {
		l.Errorf("%d READY, unusable %v, reason %q", b.Ready, b.Unusable, b.UnusableReason)
	}
	l.During("unusable", b.UnusableAt)
	if e := l.Happened("unusable", l.Name()); !strings.Contains(e.Text, reason) {
		l.Errorf("no reason in %+v", e)
	}
	l.Quiet("lost", "connect_failed")
	l.Traffic()
}

// near allows 10 percent and one RPC more or less.
func near(got float64, want bounds) bool {
	return got >= math.Floor(.9*float64(want.least)-1) && got <= math.Ceil(1.1*float64(want.most)+1)
}
