package conformance_test

import (
	"strings"
	"testing"
	"testing/synctest"
)

// rows are what grpc-go's policies do in the cases that matter, as scripts. Each
// is run for both pairs of policies, and closed after each of its events.
var rows = map[string]string{
	"the first address wins": `update a:1 | b:1
		a:1 CONNECTING
		a:1 READY`,
	"the next one on failure": `update a:1 | b:1
		a:1 TRANSIENT_FAILURE
		b:1 READY`,
	"all fail, and are tried again after their backoff": `update a:1 | b:1 | c:1
		a:1 TRANSIENT_FAILURE
		b:1 TRANSIENT_FAILURE
		b:1 IDLE
		c:1 TRANSIENT_FAILURE
		a:1 IDLE
		a:1 TRANSIENT_FAILURE
		c:1 IDLE
		c:1 READY`,
	"each attempt has a head start of 250 ms": `update a:1 b:1 c:1
		a:1 CONNECTING
		wait 249ms
		wait 1ms
		b:1 CONNECTING
		wait 249ms
		wait 1ms
		c:1 CONNECTING
		wait 1h`,
	"a late winner": `update a:1 b:1
		a:1 CONNECTING
		wait 250ms
		b:1 CONNECTING
		a:1 READY`,
	"a loser that was overtaken": `update a:1 b:1
		a:1 CONNECTING
		wait 250ms
		b:1 READY`,
	"two winners": `update a:1 b:1
		a:1 CONNECTING
		wait 250ms
		a:1 READY and b:1 READY
		a:1 IDLE`,
	"a loser that fails and recovers too late": `update a:1 b:1
		wait 250ms
		a:1 READY and b:1 TRANSIENT_FAILURE and b:1 IDLE`,
	"families are interleaved": `update [::1]:1 [::2]:1 10.0.0.1:1 10.0.0.2:1
		[::1]:1 TRANSIENT_FAILURE
		10.0.0.1:1 TRANSIENT_FAILURE
		[::2]:1 TRANSIENT_FAILURE
		10.0.0.2:1 TRANSIENT_FAILURE`,
	"duplicates within an endpoint": `update a:1 a:1 b:1
		a:1 TRANSIENT_FAILURE
		b:1 READY`,
	"duplicate endpoints": `update a:1 | b:1 | a:1
		a:1 READY
		b:1 READY`,
	"endpoints with several addresses": `update a:1 a:2 | b:1 b:2
		a:1 TRANSIENT_FAILURE
		a:2 READY
		b:1 READY
		a:2 IDLE`,
	"an update keeps the connection in use": `update a:1 | b:1
		a:1 READY
		b:1 READY
		update b:1 | a:1
		update a:1
		a:1 IDLE`,
	"an update drops the connection in use": `update a:1 | b:1
		a:1 READY
		update b:1 | c:1
		b:1 READY
		c:1 READY`,
	"another ServerName is another connection": `update a:1@x
		a:1@x READY
		update a:1@y
		a:1@y READY`,
	"other Attributes are another connection": `update a:1#x
		a:1#x READY
		update a:1#y
		a:1#y READY`,
	"other BalancerAttributes are the same connection": `update a:1~x
		a:1 READY
		update a:1~y`,
	"an update while racing": `update a:1 b:1
		a:1 CONNECTING
		update b:1 a:1 c:1
		wait 250ms
		wait 250ms
		a:1 READY`,
	"an update in TRANSIENT_FAILURE with the same addresses": `update a:1 | b:1
		a:1 TRANSIENT_FAILURE
		b:1 TRANSIENT_FAILURE
		update a:1 | b:1
		a:1 IDLE
		a:1 CONNECTING
		update a:1 | b:1
		a:1 READY`,
	"the same list again and again while racing": `update a:1 | b:1
		a:1 CONNECTING
		wait 100ms
		update a:1 | b:1
		wait 100ms
		update a:1 | b:1
		wait 50ms
		b:1 TRANSIENT_FAILURE
		update a:1 | b:1
		a:1 TRANSIENT_FAILURE`,
	"the same list again and again while retrying": `update a:1 | b:1
		a:1 TRANSIENT_FAILURE
		b:1 TRANSIENT_FAILURE
		a:1 IDLE
		a:1 CONNECTING
		update a:1 | b:1
		b:1 IDLE
		b:1 TRANSIENT_FAILURE
		update a:1 | b:1
		b:1 IDLE
		b:1 READY`,
	"an update in IDLE": `update a:1 | b:1
		a:1 READY
		b:1 READY
		a:1 IDLE
		update b:1 | a:1
		pick`,
	"an empty update, then a good one": `update a:1
		a:1 READY
		update
		update a:1 | b:1
		a:1 READY`,
	"a resolver error first": `resolver error
		resolver error
		update a:1
		a:1 READY`,
	"a resolver error later": `update a:1
		resolver error
		a:1 READY
		resolver error
		a:1 IDLE
		resolver error
		pick
		a:1 TRANSIENT_FAILURE
		resolver error`,
	"a connection that is lost before it was told": `update a:1 | b:1
		a:1 CONNECTING
		a:1 IDLE
		pick
		a:1 READY`,
	"a lost connection, and a pick": `update a:1 b:1
		a:1 READY
		a:1 IDLE
		pick
		a:1 READY`,
	"a lost connection, and ExitIdle": `update a:1 b:1
		a:1 TRANSIENT_FAILURE
		b:1 READY
		b:1 IDLE
		exit idle
		a:1 TRANSIENT_FAILURE`,
	"TRANSIENT_FAILURE is sticky": `update a:1 | b:1
		a:1 TRANSIENT_FAILURE
		b:1 TRANSIENT_FAILURE
		a:1 IDLE
		a:1 CONNECTING
		pick
		a:1 READY`,
	"all leave and come back": `update a:1 | b:1
		a:1 READY
		b:1 READY
		update c:1
		c:1 TRANSIENT_FAILURE
		update a:1 | b:1 | c:1
		a:1 CONNECTING
		a:1 READY`,
	"one leaves, one joins": `update a:1 | b:1 | c:1
		a:1 READY
		b:1 READY
		c:1 READY
		update a:1 | c:1 | d:1
		d:1 READY`,
	"health is followed under a parent": `gated update a:1 | b:1
		a:1 READY
		a:1 health CONNECTING
		a:1 health READY
		b:1 READY
		b:1 health TRANSIENT_FAILURE
		a:1 health TRANSIENT_FAILURE
		a:1 health READY`,
	"health is followed again after a reconnect": `gated update a:1
		a:1 READY
		a:1 health TRANSIENT_FAILURE
		a:1 IDLE
		pick
		a:1 READY
		a:1 health READY`,
	"health of a connection that an update drops": `gated update a:1
		a:1 READY
		a:1 health TRANSIENT_FAILURE
		gated update b:1
		b:1 READY
		b:1 health READY`,
}

func TestRowsAgainstGRPCsPolicies(t *testing.T) {
	t.Parallel()
	for name, words := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var events []string
			for line := range strings.Lines(words) {
				events = append(events, strings.TrimSpace(line))
			}
			for _, p := range pairs {
				for n := range len(events) {
					synctest.Test(t, func(t *testing.T) {
						s := newScript(t, p, strings.Contains(words, "health"))
						defer s.close()
						for _, e := range events[:n+1] {
							if !s.run(eventNamed(t, e)) {
								return
							}
						}
					})
				}
			}
		})
	}
}
