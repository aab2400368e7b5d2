package metrics_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// slogged is a slog handler that keeps records. It may block.
type slogged struct {
	level slog.Level
	block chan struct{} // nil: it does not

	mu    sync.Mutex
	lines []string
	times []time.Time
}

func (l *slogged) Enabled(_ context.Context, level slog.Level) bool { return level >= l.level }
func (l *slogged) WithAttrs([]slog.Attr) slog.Handler               { return l }
func (l *slogged) WithGroup(string) slog.Handler                    { return l }

func (l *slogged) Handle(_ context.Context, r slog.Record) error {
	if l.block != nil {
		<-l.block
	}
	line := []string{r.Level.String(), r.Message}
	r.Attrs(func(a slog.Attr) bool {
		if a.Key != "target" && a.Key != "policy" {
			line = append(line, a.String())
		}
		return true
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, strings.Join(line, " "))
	l.times = append(l.times, r.Time)
	return errors.New("disk full") // which nobody can do anything about
}

// playEvents makes one event of each kind.
func playEvents(t *testing.T, m *metrics.Metrics, pause func()) {
	t.Helper()
	s, cc := &stub{updateErr: errors.New("bad")}, &looseConn{}
	p := m.Instrument(s).Build(cc, balancer.BuildOptions{})
	pause()
	_ = p.UpdateClientConnState(endpoints("a:1"))
	sc := s.connect(t, "a:1")
	cc.made[0].listener(balancer.SubConnState{ConnectivityState: failure, ConnectionError: errors.New("refused")})
	cc.made[0].state(connecting, ready)
	s.publish(balancer.PickResult{}, nil)
	say := (&watched{t: t, m: m, sc: sc, fake: cc.made[0]}).watch()
	say(failure, nil)
	say(ready, nil)
	cc.made[0].state(idle)
	s.connect(t, "b:1")
	p.ResolverError(errors.New("no such host"))
	p.Close()
}

func TestEventsAreLogged(t *testing.T) {
	t.Parallel()
	for level, want := range map[slog.Level][]string{
		slog.LevelDebug: {
			"DEBUG grpc_lb: instance_built event=instance_built",
			"INFO grpc_lb: resolver_update event=resolver_update endpoints=1 added=1 removed=0 added_names=[a:1] removed_names=[]",
			"WARN grpc_lb: update_rejected event=update_rejected text=bad",
			"WARN grpc_lb: connect_failed event=connect_failed backend=a:1 text=refused",
			"INFO grpc_lb: connected event=connected backend=a:1",
			"DEBUG grpc_lb: instance_state event=instance_state text=READY",
			"WARN grpc_lb: unusable event=unusable backend=a:1 text=ejected",
			"INFO grpc_lb: usable event=usable backend=a:1",
			"WARN grpc_lb: lost event=lost backend=a:1",
			"WARN grpc_lb: folded event=folded backend=other text=b:1",
			"WARN grpc_lb: resolver_error event=resolver_error text=no such host",
			"DEBUG grpc_lb: instance_closed event=instance_closed",
		},
		slog.LevelError: nil,
	} {
		synctest.Test(t, func(t *testing.T) {
			log := &slogged{level: level}
			m := metrics.New(metrics.WithEventLogger(slog.New(log)), metrics.WithMaxBackends(1))
			playEvents(t, m, func() { time.Sleep(time.Minute) })
			synctest.Wait()
			if diff := cmp.Diff(want, log.lines); diff != "" {
				t.Errorf("from %v on (-want +got):\n%s", level, diff)
			}
			if level == slog.LevelDebug && (!log.times[0].Equal(time.Now().Add(-time.Minute)) || !log.times[1].Equal(time.Now())) {
				t.Errorf("times %v, want those of the events", log.times[:2])
			}
		})
	}
}

func TestALoggersAttributesAreLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&out, nil)).With("app", "shop")
		m := metrics.New(metrics.WithEventLogger(logger))
		m.Instrument(&stub{}).Build(&looseConn{}, balancer.BuildOptions{}).ResolverError(errors.New("no such host"))
		synctest.Wait()
		if got, want := out.String(), `level=WARN msg="grpc_lb: resolver_error" app=shop event=resolver_error target=:/// policy=stub text="no such host"`; !strings.Contains(got, want) {
			t.Errorf("logged %q, want %q", got, want)
		}
	})
}

// A handler that blocks holds up nothing but the log.
func TestALogHandlerThatBlocksHoldsUpNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := &slogged{block: make(chan struct{})}
		m := metrics.New(metrics.WithEventLogger(slog.New(log)))
		s, cc := &stub{}, &looseConn{}
		m.Instrument(s).Build(cc, balancer.BuildOptions{})
		const n = 2000
		for i := range n {
			s.connect(t, fmt.Sprintf("%d:1", i))
			cc.made[i].state(connecting, ready)
			if i == 0 {
				synctest.Wait() // the handler blocks
			}
		}
		only(t, m)
		close(log.block)
		synctest.Wait()
		s.connect(t, "last:1")
		cc.made[n].state(connecting, ready)
		synctest.Wait()
		if got := len(log.lines); got != 1+1024+1 { // that of the instance is DEBUG
			t.Errorf("%d records, want the first, 1,024 that waited and the last", got)
		}
		last := log.lines[len(log.lines)-1]
		if !strings.Contains(last, "backend=last:1") || !strings.Contains(last, "dropped_before=975") {
			t.Errorf("the last record is %q, want that of last:1, and 975 dropped", last)
		}
		if first := log.lines[0]; !strings.Contains(first, "backend=0:1") {
			t.Errorf("the first record is %q, want that of 0:1", first)
		}
	})
}

func TestEventsOfAChannelAreLoggedInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := &slogged{level: slog.LevelDebug}
		m := metrics.New(metrics.WithEventLogger(slog.New(log)))
		var channels sync.WaitGroup
		for c := range 4 {
			channels.Go(func() {
				s, cc := &stub{}, &looseConn{}
				m.Instrument(s).Build(cc, balancer.BuildOptions{})
				for i := range 100 {
					s.connect(t, fmt.Sprintf("%d:%03d", c, i))
					cc.made[i].state(connecting, ready)
				}
			})
		}
		channels.Wait()
		synctest.Wait()
		last := make(map[string]string)
		n := 0
		for _, line := range log.lines {
			if _, backend, ok := strings.Cut(line, "backend="); ok {
				n++
				channel, _, _ := strings.Cut(backend, ":")
				if backend <= last[channel] {
					t.Errorf("%s comes after %s", backend, last[channel])
				}
				last[channel] = backend
			}
		}
		if n != 400 {
			t.Errorf("%d records of backends, want 400", n)
		}
	})
}
