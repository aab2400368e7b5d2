package script_test

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest/script"
)

func TestEachEventIsWrittenAsItIsRead(t *testing.T) {
	t.Parallel()
	for line, kind := range map[string]script.Kind{
		"update":                        script.Update,
		"update a:1 | b:1 [::1]:1":      script.Update,
		"gated update":                  script.Update,
		"gated update a:1@x#y~z":        script.Update,
		"resolver error":                script.ResolverError,
		"exit idle":                     script.ExitIdle,
		"pick":                          script.Pick,
		"close":                         script.Close,
		"wait 250ms":                    script.Wait,
		"a:1 IDLE":                      script.Connectivity,
		"a:1@x TRANSIENT_FAILURE":       script.Connectivity,
		"a:1 health READY":              script.Health,
		"a:1 READY and b:1 READY":       script.Simultaneous,
		"delay over":                    script.Other,
		"refuse A B":                    script.Other,
		"a:1 TRANSIENT_FAILURE Aborted": script.Connectivity,
	} {
		e, err := script.Parse("  " + line + "\n")
		if err != nil {
			t.Errorf("Parse(%q): %v", line, err)
			continue
		}
		if e.Kind != kind || e.String() != line {
			t.Errorf("Parse(%q) = %q of kind %d, want kind %d", line, e, e.Kind, kind)
		}
	}
}

func TestParseReadsTheFields(t *testing.T) {
	t.Parallel()
	parse := func(line string) script.Event {
		e, err := script.Parse(line)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	e := parse("gated update a:1@x#y~z b:1 | c:1")
	if !e.Gated || len(e.Endpoints) != 2 || len(e.Endpoints[0].Addresses) != 2 || len(e.Addresses()) != 3 {
		t.Errorf("gated update: %+v", e)
	}
	a := e.Addresses()[0]
	if a.Addr != "a:1" || a.ServerName != "x" || a.Attributes.Value("attribute") != "y" || a.BalancerAttributes.Value("attribute") != "z" {
		t.Errorf("address %+v", a)
	}
	if e := parse("wait 250ms"); e.Delay != 250*time.Millisecond {
		t.Errorf("wait: %v", e.Delay)
	}
	if e := parse("a:1@x health READY"); e.Addr.Addr != "a:1" || e.Addr.ServerName != "x" || e.State != connectivity.Ready || e.Cause() != nil {
		t.Errorf("health: %+v", e)
	}
	if e := parse("a:1 TRANSIENT_FAILURE PermissionDenied"); status.Code(e.Cause()) != codes.PermissionDenied {
		t.Errorf("cause: %v", e.Cause())
	}
	if err := parse("a:1 TRANSIENT_FAILURE").Cause(); err == nil || err.Error() != "refused" {
		t.Errorf("cause: %v", err)
	}
	if err := parse("a:1 health TRANSIENT_FAILURE").Cause(); err == nil || err.Error() != "sick" {
		t.Errorf("cause: %v", err)
	}
	if e := parse("a:1 READY and b:1 health IDLE"); len(e.Parts) != 2 || e.Parts[1].Kind != script.Health {
		t.Errorf("simultaneous: %+v", e)
	}
}

func TestParseRefusesWhatLooksLikeAnEventAndIsNone(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"wait",
		"wait long",
		"a:1 health",
		"a:1 health SICK",
		"a:1 health READY now",
		"a:1 READY now",
		"a:1 READY Aborted",
		"a:1 TRANSIENT_FAILURE Oops",
		"a:1 READY and wait",
	} {
		if e, err := script.Parse(line); err == nil || !strings.HasPrefix(err.Error(), "script: parse ") {
			t.Errorf("Parse(%q) = %+v, %v; want an error", line, e, err)
		}
	}
}
