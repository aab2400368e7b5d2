package fleet_test

import (
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fetch"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fleet"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/poll"
)

func TestSummarySaysInWordsWhatIsWrong(t *testing.T) {
	t.Parallel()
	four := 4*time.Minute + 10*time.Second
	for _, tt := range []struct {
		clients []poll.Client
		want    string
	}{
		{[]poll.Client{client("1", usable("a"), usable("b")), client("2", usable("a"))}, "2 of 2 backends usable"},
		{[]poll.Client{client("1"), client("2")}, "no backends"},
		{[]poll.Client{client("1", usable("a"), inState("b", "idle")), client("2", usable("a"))}, "1 of 2 backends usable"},
		{
			[]poll.Client{client("1", usable("a"), down("b", four)), client("2", usable("a"), usable("b"))},
			"1 of 2 backends down for 4m10s: b (1 of 2 clients)",
		},
		{
			[]poll.Client{client("1", usable("z"), down("a", four), down("b", time.Hour), down("c", 0), down("d", 0)), client("2", usable("z"))},
			"4 of 5 backends down for 1h00m: a (1 of 1 client), b (1 of 1 client) and 2 more",
		},
		{
			[]poll.Client{client("1", down("a", four)), client("2", usable("a"), usable("b"))},
			"1 of 2 clients can use no backend; 1 of 2 backends down for 4m10s: a (1 of 2 clients)",
		},
		{
			[]poll.Client{client("1", usable("a"), sick("b", "ejected")), client("2", usable("a"), busy(usable("c"), 10, 0.14), busy(usable("d"), 1, 0.5))},
			"1 of 4 backends unusable: b (ejected, 1 of 1 client); 14 % errors from c (1 of 1 client)",
		},
		{
			[]poll.Client{client("1", usable("a"), seenAs("b", "starved"), seenAs("c", "slow")), client("2", usable("b"), seenAs("d", "crowded"), inState("e", "connecting"))},
			"1 of 5 backends slow: c (1 of 1 client); 1 of 5 backends starved: b (1 of 2 clients); 1 of 5 backends crowded: d (1 of 1 client)",
		},
		{[]poll.Client{client("1", seenAs("a", "erring")), client("2", usable("a"))}, "errors from a (1 of 2 clients)"},
		{[]poll.Client{client("1", inState("a", "down"), usable("b")), client("2")}, "1 of 2 backends down: a (1 of 1 client)"},
	} {
		if got := merge(tt.clients...).Targets[0].Summary; got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

// What is wrong need not be with a backend.
func TestSummaryQuotesThePageThatKnowsMore(t *testing.T) {
	t.Parallel()
	says := func(name, severity, summary string, backends ...fetch.Backend) poll.Client {
		c := client(name, backends...)
		c.Page.Targets[0].Severity, c.Page.Targets[0].Summary = severity, summary
		return c
	}
	fine := says("1", "ok", "all 1 usable", usable("a"))
	failing := says("2", "warn", "the resolver has been failing for 4 min", usable("a"))
	for _, tt := range []struct {
		clients []poll.Client
		want    string
	}{
		{[]poll.Client{fine, fine}, "1 of 1 backend usable"},
		{[]poll.Client{fine, failing}, "2: the resolver has been failing for 4 min"},
		{[]poll.Client{failing, says("3", "bad", "no backend"), failing}, "3: no backend, and 2 more clients"},
		{[]poll.Client{failing, failing}, "2: the resolver has been failing for 4 min, and 1 more client"},
		{[]poll.Client{failing, client("1", down("a", time.Second))}, "1 of 2 clients can use no backend; 1 of 1 backend down for 1s: a (1 of 2 clients)"},
		{[]poll.Client{says("1", "idle", "idle: nothing has asked"), says("2", "idle", "closed")}, "idle: nothing has asked"},
		{[]poll.Client{says("1", "new", "who knows"), says("2", "idle", "closed")}, "closed"},
		{[]poll.Client{says("1", "ok", "fine", gone("a")), says("2", "idle", "closed")}, "fine"},
	} {
		if got := merge(tt.clients...).Targets[0].Summary; got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func TestSummaryOfOneClientIsThatOfItsPage(t *testing.T) {
	t.Parallel()
	c := client("1", usable("a"))
	c.Page.Targets[0].Summary = "all is well"
	if got := merge(c).Targets[0].Summary; got != "all is well" {
		t.Errorf("got %q", got)
	}
	if got := merge(c, c).Targets[0].Summary; got != "1 of 1 backend usable" {
		t.Errorf("got %q", got)
	}
}

func TestElapsedHasTheTwoLargestUnits(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Hour: "0s", 59900 * time.Millisecond: "59s", time.Minute: "1m00s", 3599 * time.Second: "59m59s",
		time.Hour: "1h00m", 26*time.Hour + 59*time.Second: "1d02h",
	} {
		if got := fleet.Elapsed(d); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
