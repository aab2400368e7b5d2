package incidents_test

import (
	"time"

	"github.com/grpc-balancer2/balancer2/balancer/internal/incidents"
)

const delay = 400 * time.Millisecond

var slow = incidents.Incident{
	Name:    "slow",
	Happens: func(s *incidents.Stage) { s.Faults[s.Culprit].Delay.Store(int64(delay)) },
	Shows: func(l *incidents.Look) {
		l.SlowDown(10)
		n := len(l.Servers)
		l.Count(n, n, 0)
		l.Says("warn", l.Name(), "slow")
		l.OnTop("slow")
		b := l.Is(l.Name(), "slow")
		if w := b.Recent.Short; w != nil && (w.Latency == nil || w.Latency.P99 < .25) {
			l.Errorf("p99 %+v, want %v", w.Latency, delay)
		}
		l.Quiet("lost", "connect_failed", "unusable")
		l.Traffic()
	},
}

var sick = incidents.Incident{
	Name:    "sick",
	Happens: func(s *incidents.Stage) { s.Faults[s.Culprit].Sick.Store(true) },
	Shows: func(l *incidents.Look) {
		n := len(l.Servers)
		l.Count(n, n, 0)
		if n < 20 {
			l.Says("bad", "errors from "+l.Name())
		} else { // most RPCs work
			l.Says("warn", "errors from "+l.Name())
		}
		l.OnTop("erring")
		b := l.Is(l.Name(), "erring")
		if e := b.LastRPCError; e == nil || e.Code != "INTERNAL" || e.Text != incidents.Sickness {
			l.Errorf("last error of an RPC: %+v", e)
		} else if e.At.Before(l.Began) {
			l.Errorf("the last error of an RPC came before the incident")
		}
		l.Quiet("lost", "connect_failed", "unusable")
		l.Traffic()
	},
}
