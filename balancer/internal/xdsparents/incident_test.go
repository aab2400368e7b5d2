package xdsparents_test

import (
	"fmt"
	"testing"

	"github.com/grpc-balancer2/balancer2/balancer/internal/incidents"
)

// An endpoint that fails half of its RPCs is ejected for as long as the test takes.
const ejectingForLong = `{"outlier_detection_experimental": {
	"interval": "0.500s",
	"baseEjectionTime": "300s",
	"maxEjectionTime": "300s",
	"maxEjectionPercent": 50,
	"failurePercentageEjection": {"threshold": 50, "enforcementPercentage": 100, "minimumHosts": 2, "requestVolume": 1},
	"childPolicy": [` + incidents.DefaultPolicy + `]
}}`

var ejected = incidents.Incident{
	Name:    "ejected",
	Policy:  ejectingForLong,
	Happens: func(s *incidents.Stage) { s.Faults[s.Culprit].Sick.Store(true) },
	// The severity depends on how many errors there were before the ejection.
	Shows: func(l *incidents.Look) { l.Unusable("ejected") },
}

func TestTheLivePageShowsAnEjection(t *testing.T) {
	t.Parallel()
	for _, n := range incidents.Sizes {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			incidents.Play(t, &ejected, n)
		})
	}
}
