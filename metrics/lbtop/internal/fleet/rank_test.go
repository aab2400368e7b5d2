package fleet_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fetch"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fleet"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/poll"
)

func TestWorstBackendsComeFirst(t *testing.T) {
	t.Parallel()
	f := merge(
		client("1", gone("a-gone"), busy(usable("b-well"), 10, 0.001), busy(usable("c-errors"), 10, 0.6), down("d-half", time.Second), down("e-down", time.Second), sick("f-sick", "ejected"), busy(usable("g-few"), 10, 0.1), seenAs("h-starved", "starved"), seenAs("i-slow", "slow"), inState("j-idle", "idle"), seenAs("k-slow", "slow")),
		client("2", busy(usable("d-half"), 10, 0), down("e-down", time.Second), sick("f-sick", "ejected"), seenAs("k-slow", "slow")))
	if got, want := names(f.Targets[0].Backends), " e-down f-sick c-errors d-half g-few k-slow i-slow h-starved b-well j-idle a-gone"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A backend that is down for one of two, and errs a little for the other, is worse
// than one that fails a third of its RPCs.
func TestFaultsDoNotHideEachOther(t *testing.T) {
	t.Parallel()
	f := merge(
		client("1", busy(usable("a"), 10, 0.33), down("b", time.Second)),
		client("2", busy(usable("b"), 10, 0.06)))
	if got := names(f.Targets[0].Backends); got != " b a" {
		t.Errorf("got %s, want b a", got)
	}
}

func TestErrorsBelowTheThresholdDoNotChangeTheOrder(t *testing.T) {
	t.Parallel()
	f := merge(client("1", busy(usable("a"), 10, 0), busy(usable("b"), 10, 0.04), busy(usable("c"), 10, 0.001)))
	if got := names(f.Targets[0].Backends); got != " a b c" {
		t.Errorf("got %s, want a b c", got)
	}
}

func TestWorstTargetsComeFirst(t *testing.T) {
	t.Parallel()
	on := func(target string, b fetch.Backend) fetch.Backend { b.Target = target; return b }
	c := client("1", on("well", usable("a")), on("zero", down("a", time.Second)), on("half", down("a", time.Second)), on("half", usable("b")),
		on("errors", busy(usable("a"), 1, 0.5)))
	c.Page.Targets = nil
	for _, name := range []string{"another", "errors", "half", "well", "zero", "warned", "bad"} {
		c.Page.Targets = append(c.Page.Targets, fetch.Target{Target: name, Policy: policy, Severity: strings.Replace(name, "warned", "warn", 1)})
	}
	var got []string
	for _, target := range merge(c).Targets {
		got = append(got, target.Target)
	}
	if want := "zero half errors bad warned another well"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %s", got, want)
	}
}

func TestBackendsAreSortedByTheChosenColumn(t *testing.T) {
	t.Parallel()
	f := merge(client("1",
		timed(busy(usable("a10"), 30, 0.004), fetch.Latency{Count: 1, P99: 0.2}),
		timed(busy(usable("a9"), 60, 0.001), fetch.Latency{Mean: 0.3, Estimated: true}),
		busy(usable("b"), 3, 0.5), down("c", time.Minute), down("d", time.Hour), inState("e", "down")))
	for order, want := range map[fleet.Order]string{
		fleet.ByWorst:   " c d e b a9 a10",
		fleet.ByName:    " a9 a10 b c d e",
		fleet.ByRPS:     " a9 a10 b c d e",
		fleet.ByErrors:  " b a10 a9 c d e",
		fleet.ByLatency: " a9 a10 c d e b",
		fleet.ByShare:   " b a10 a9 c d e",
		fleet.ByDown:    " d c e b a9 a10",
	} {
		if got := names(order.Sorted(f.Targets[0].Backends)); got != want {
			t.Errorf("by %v: %s, want %s", order, got, want)
		}
	}
	if got := names(f.Targets[0].Backends); got != " c d e b a9 a10" {
		t.Errorf("sorting has changed the fleet: %s", got)
	}
}

func TestOrdersFollowEachOther(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	o := fleet.ByWorst
	for range 7 {
		seen[o.String()] = true
		o = o.Next()
	}
	if o != fleet.ByWorst || len(seen) != 7 {
		t.Errorf("after 7 orders with %d names comes %v, want worst", len(seen), o)
	}
}

func TestNamesAreInNaturalOrder(t *testing.T) {
	t.Parallel()
	want := []string{"", "01", "1", "2", "10.0.0.9:80", "10.0.0.10:8", "10.0.0.10:80", "a", "a2", "a10", "a10b"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, fleet.Natural)
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWellMeansThatAllAnswerAndNothingIsDown(t *testing.T) {
	t.Parallel()
	well := client("1", usable("a"), busy(usable("b"), 1, 1), sick("c", "ejected"), inState("d", "idle"))
	bad := client("2", usable("a"))
	bad.Page.Targets[0].Severity = "bad"
	for _, tt := range []struct {
		clients []poll.Client
		want    bool
	}{
		{[]poll.Client{well}, true},
		{[]poll.Client{well, client("2", down("a", time.Second))}, false},
		{[]poll.Client{well, failing("2")}, false},
		{[]poll.Client{well, {Name: "2"}}, false},
		{[]poll.Client{well, bad}, false},
	} {
		if got := merge(tt.clients...).Well(); got != tt.want {
			t.Errorf("%d clients: well is %v, want %v", len(tt.clients), got, tt.want)
		}
	}
}

func TestOptionsSelectTargets(t *testing.T) {
	t.Parallel()
	c := client("1", usable("a"), down("b", time.Second))
	other := usable("x")
	other.Target = "dns:///orders"
	c.Page.Targets = append(c.Page.Targets, fetch.Target{Target: "dns:///orders", Policy: "pick_first2", Events: []fetch.Event{{Kind: "lost"}}})
	other.Policy = "pick_first2"
	c.Page.Backends = append(c.Page.Backends, other)
	for _, tt := range []struct {
		options fleet.Options
		want    string
	}{
		{fleet.Options{}, "dns:///greeter dns:///orders"},
		{fleet.Options{Target: "order"}, "dns:///orders"},
		{fleet.Options{Policy: policy}, "dns:///greeter"},
		{fleet.Options{Policy: "round"}, ""},
		{fleet.Options{Target: "order", Policy: policy}, ""},
	} {
		f := fleet.New([]poll.Client{c}, tt.options, now)
		var got []string
		for _, target := range f.Targets {
			got = append(got, target.Target)
		}
		if strings.Join(got, " ") != tt.want || len(f.Others) != 2-len(got) || f.Clients[0].Targets != len(got) {
			t.Errorf("%+v: got %q and %d others, want %s", tt.options, got, len(f.Others), tt.want)
		}
		if want := strings.Contains(tt.want, "orders"); (len(f.Events) == 1) != want {
			t.Errorf("%+v: %d events", tt.options, len(f.Events))
		}
	}
}
