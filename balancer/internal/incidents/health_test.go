package incidents_test

import (
	"fmt"
	"strings"
	"time"

	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/grpc-balancer2/balancer2/balancer/internal/incidents"
)

var unhealthy = incidents.Incident{
	Name: "unhealthy",
	Happens: func(s *incidents.Stage) {
		s.Servers[s.Culprit].SetHealth(healthpb.HealthCheckResponse_NOT_SERVING)
	},
	Shows: func(l *incidents.Look) {
		n := len(l.Servers)
		l.Count(n, n-1, 0)
		l.Says("warn", fmt.Sprintf("1 of %d backends unhealthy for ", n), l.Name())
		l.OnTop("unusable")
		b := l.Is(l.Name(), "unusable")
		if b.Ready != 1 || b.Unusable["unhealthy"] != 1 || b.UnusableReason != "unhealthy" {
			l.Errorf("%d READY, unusable %v, reason %q", b.Ready, b.Unusable, b.UnusableReason)
		}
		l.During("unusable", b.UnusableAt)
		if e := l.Happened("unusable", l.Name()); !strings.Contains(e.Text, "unhealthy") {
			l.Errorf("no reason in %+v", e)
		}
		l.Quiet("lost", "connect_failed")
		l.Traffic()
	},
	After: func(s *incidents.Stage, _ *incidents.Page) {
		s.Began = time.Now()
		s.Servers[s.Culprit].SetHealth(healthpb.HealthCheckResponse_SERVING)
		s.Await("healthy again", func(l *incidents.Look) {
			l.Count(len(l.Servers), len(l.Servers), 0)
			l.Is(l.Name(), "ok")
			l.Happened("usable", l.Name())
			l.Traffic()
		})
	},
}
