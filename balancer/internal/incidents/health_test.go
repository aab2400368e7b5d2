package incidents_test

import (
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
		l.Says("warn")
		l.Unusable("unhealthy")
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
