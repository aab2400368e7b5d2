package metrics

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// maxUnlogged limits the events that wait for a slow handler.
const maxUnlogged = 1024

// eventLog passes events on to the logger of WithEventLogger, in order. It does so in
// a goroutine that ends when there are none left: gRPC tells of a lost connection and
// then waits for a new picker, so a handler that blocks would hold up RPCs.
type eventLog struct {
	// mu guards the fields below. Nothing is called under it.
	mu      sync.Mutex
	waiting []logEntry
	dropped int  // events, since the last one that was queued
	running bool // whether the goroutine runs
}

type logEntry struct {
	logger *slog.Logger
	record slog.Record
}

// levels has the level of each kind of event that is not INFO.
var levels = map[livestatus.EventKind]slog.Level{
	livestatus.Lost: slog.LevelWarn, livestatus.ConnectFailed: slog.LevelWarn, livestatus.Unusable: slog.LevelWarn,
	livestatus.ResolverError: slog.LevelWarn, livestatus.UpdateRejected: slog.LevelWarn, livestatus.Folded: slog.LevelWarn,
	livestatus.InstanceBuilt: slog.LevelDebug, livestatus.InstanceClosed: slog.LevelDebug, livestatus.InstanceState: slog.LevelDebug,
}

// add queues the event to be logged.
func (l *eventLog) add(inst *instance, e event) {
	logger := inst.options.eventLogger
	if logger == nil {
		return
	}
	if l.queue(logEntry{logger, newLogRecord(inst.targetRecord, e)}) {
		go l.run()
	}
}

// newLogRecord makes the record of an event that happens now.
func newLogRecord(t *targetRecord, e event) slog.Record {
	r := slog.NewRecord(time.Now(), levels[e.kind], "grpc_lb: "+string(e.kind), 0)
	r.AddAttrs(slog.String("event", string(e.kind)), slog.String("target", t.target), slog.String("policy", t.policy))
	if e.backend != "" {
		r.AddAttrs(slog.String("backend", e.backend))
	}
	if e.text != "" {
		r.AddAttrs(slog.String("text", e.text))
	}
	if c := e.change; c != nil {
		r.AddAttrs(slog.Int("endpoints", c.endpoints), slog.Int("added", c.addedCount), slog.Int("removed", c.removedCount),
			slog.Any("added_names", c.added), slog.Any("removed_names", c.removed))
	}
	return r
}

// queue adds the entry, or drops it if too many wait. It reports whether the caller
// must start the goroutine.
func (l *eventLog) queue(e logEntry) (start bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) >= maxUnlogged {
		l.dropped++
		return false
	}
	if l.dropped > 0 {
		e.record.AddAttrs(slog.Int("dropped_before", l.dropped))
		l.dropped = 0
	}
	l.waiting = append(l.waiting, e)
	start, l.running = !l.running, true
	return start
}

func (l *eventLog) run() {
	for entries := l.take(); len(entries) > 0; entries = l.take() {
		for _, e := range entries {
			h := e.logger.Handler()
			if ctx := context.Background(); h.Enabled(ctx, e.record.Level) {
				_ = h.Handle(ctx, e.record) // there is nowhere to report it
			}
		}
	}
}

// take returns the entries that wait. If there are none, the goroutine must end.
func (l *eventLog) take() []logEntry {
	l.mu.Lock()
	defer l.mu.Unlock()
	entries := l.waiting
	l.waiting = nil
	l.running = len(entries) > 0
	return entries
}
