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

// Errorf says what is wrong.
func (l *Look) Errorf(format string, args ...any) {
	l.wrong = append(l.wrong, fmt.Sprintf(format, args...))
}

// Never fails the test for what no page may show, however busy the machine is.
func (l *Look) Never(format string, args ...any) {
	l.t.Helper()
	l.t.Errorf(format, args...)
}

// maxWrong is how much of what is wrong is told.
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

// Says checks the severity, unless it is empty, and that the summary has the words. Where all should be
// well, it may instead say which backends are slow, if they are.
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

// Is checks the condition of a backend, and returns the backend. One that is to be ok
// may be slow if it really was.
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

// During checks that something happened in the first three seconds after the
// incident began. A machine on which the page takes long is given longer.
func (l *Look) During(what string, at time.Time) {
	late := at.Sub(l.Began)
	if late < -l.Doubt() || late > 3*time.Second+20*l.slowest {
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

// Quiet checks that no other event of the kind happened since the incident began.
func (l *Look) Quiet(kinds ...string) {
	for _, e := range l.Target().Events {
		for _, kind := range kinds {
			if e.Kind == kind && e.At.After(l.Began) {
				l.Errorf("event %+v", e)
			}
		}
	}
}

// near allows for 10 percent, and one more.
func near(got float64, want bounds) bool {
	return got >= math.Floor(.9*float64(want.least)-1) && got <= math.Ceil(1.1*float64(want.most)+1)
}
