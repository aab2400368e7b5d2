package xdsparents_test

import (
	"fmt"
	"strings"
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
	Shows: func(l *incidents.Look) {
		n := len(l.Servers)
		l.Count(n, n-1, 0)
		// How severe it is depends on how many errors there were before the ejection.
		l.Says("", fmt.Sprintf("1 of %d backends ejected for ", n), l.Name())
		l.OnTop("unusable")
		b := l.Is(l.Name(), "unusable")
		if b.Ready != 1 || b.Unusable["ejected"] != 1 || b.UnusableReason != "ejected" {
			l.Errorf("%d READY, unusable %v, reason %q", b.Ready, b.Unusable, b.UnusableReason)
		}
		l.During("ejected", b.UnusableAt)
		if e := l.Happened("unusable", l.Name()); !strings.Contains(e.Text, "ejected") {
			l.Errorf("no reason in %+v", e)
		}
		l.Quiet("lost", "connect_failed")
		l.Traffic()
	},
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
