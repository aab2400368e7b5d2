package incidents_test

import (
	"fmt"
	"time"

	"github.com/grpc-balancer2/balancer2/balancer/internal/incidents"
)

var killed = incidents.Incident{
	Name:    "killed",
	Happens: func(s *incidents.Stage) { s.Servers[s.Culprit].Kill() },
	Shows: func(l *incidents.Look) {
		n := len(l.Servers)
		l.Count(n, n-1, 1)
		l.Says("warn", fmt.Sprintf("1 of %d backends down for ", n), l.Name())
		l.OnTop("down")
		isDown(l, l.Name())
		l.Happened("lost", l.Name())
		if e := l.Happened("connect_failed", l.Name()); e.Text == "" {
			l.Errorf("no error in %+v", e)
		}
		l.Traffic()
	},
	After: func(s *incidents.Stage, shown *incidents.Page) {
		staysDown(s, shown, s.Name())
		s.Began = time.Now()
		s.Servers[s.Culprit].Start()
		s.Await("started again", func(l *incidents.Look) {
			l.Count(len(l.Servers), len(l.Servers), 0)
			l.Says("ok")
			b := l.Is(l.Name(), "ok")
			l.During("up since", b.UpSince)
			if !b.DownSince.IsZero() {
				l.Errorf("still down since %v", b.DownSince)
			}
			l.Happened("connected", l.Name())
			l.Traffic()
		})
	},
}

var allDown = incidents.Incident{
	Name: "all down",
	Happens: func(s *incidents.Stage) {
		for _, srv := range s.Servers {
			srv.Kill()
		}
	},
	Shows: func(l *incidents.Look) {
		n := len(l.Servers)
		l.Count(n, 0, n)
		l.Says("bad", fmt.Sprintf("all %d backends down for ", n))
		for _, srv := range l.Servers {
			isDown(l, srv.Addr)
		}
		l.Happened("lost", "")
		l.Happened("connect_failed", "")
		if e := l.Happened("instance_state", ""); e.Text != "TRANSIENT_FAILURE" {
			l.Errorf("the last state of the channel is %s", e.Text)
		}
		if l.Target().Failed == 0 {
			l.Errorf("no picks failed")
		}
		l.Traffic()
	},
	After: func(s *incidents.Stage, shown *incidents.Page) {
		for _, srv := range s.Servers[:3] {
			staysDown(s, shown, srv.Addr)
		}
		s.Began = time.Now()
		for _, srv := range s.Servers {
			srv.Start()
		}
		s.Await("started again", func(l *incidents.Look) {
			l.Count(len(l.Servers), len(l.Servers), 0)
			for _, srv := range l.Servers { // their errors are in the windows for a while
				b := l.Backend(srv.Addr)
				l.During("up since", b.UpSince)
				if b.Condition == "down" || !b.DownSince.IsZero() || b.FailedAttempts != 0 {
					l.Errorf("%s is %s since %v, after %d attempts", b.Name, b.Condition, b.DownSince, b.FailedAttempts)
				}
			}
			l.Happened("connected", "")
			l.Traffic()
		})
	},
}

// isDown checks that the backend has been down since the incident.
func isDown(l *incidents.Look, name string) {
	b := l.Is(name, "down")
	l.During(name+" down since", b.DownSince)
	if b.FailedAttempts == 0 || b.LastError == "" {
		l.Errorf("%s: %d failed attempts, last error %q", name, b.FailedAttempts, b.LastError)
	}
	if b.Ready != 0 || !b.UpSince.IsZero() || b.State == "READY" {
		l.Errorf("%s: %s, up since %v", name, b.State, b.UpSince)
	}
}

// staysDown waits for more attempts to connect to the backend, which must not change
// its DownSince.
func staysDown(s *incidents.Stage, shown *incidents.Page, name string) {
	before := shown.Backend(name)
	s.Await("further attempts", func(l *incidents.Look) {
		b := l.Is(name, "down")
		if b.FailedAttempts < before.FailedAttempts+4 {
			l.Errorf("%s: %d failed attempts, %d before", name, b.FailedAttempts, before.FailedAttempts)
		}
		if moved := b.DownSince.Sub(before.DownSince).Abs(); moved > l.Doubt()+shown.Doubt() {
			l.Never("%s: down since %v, before %v", name, b.DownSince, before.DownSince)
		}
	})
}
