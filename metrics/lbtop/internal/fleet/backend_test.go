package fleet_test

import (
	"math"
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fetch"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fleet"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/poll"
)

func TestBackendIsCountedForTheClientsThatSeeIt(t *testing.T) {
	t.Parallel()
	f := merge(
		client("1", usable("a")), client("2", down("a", time.Minute)), client("3", sick("a", "ejected")), client("4", gone("a")),
		client("5", inState("a", "idle")), client("6", inState("a", "connecting")), client("7", seenAs("a", "slow")),
		client("8", inState("a", "down")), client("9", usable("b")), failing("10"))
	a := f.Targets[0].Backends[0]
	want := map[fleet.Condition]int{fleet.OK: 1, fleet.Down: 2, fleet.Unusable: 1, fleet.Gone: 1, fleet.Idle: 1, fleet.Connecting: 1, fleet.Slow: 1}
	for c, n := range a.Seen {
		if n != want[fleet.Condition(c)] {
			t.Errorf("%v at %d clients, want %d", fleet.Condition(c), n, want[fleet.Condition(c)])
		}
	}
	if a.Name != "a" || a.Clients() != 7 || a.Usable != 2 || a.Reason != "ejected" || a.Subchannels != 7 || a.Working != 2 || a.Worst() != fleet.Down {
		t.Errorf("got %+v with %d clients, want backend a, down, with 2 of 7 clients, ejected, 2 of 7 subchannels", a, a.Clients())
	}
	if f.Targets[0].Clients != 9 || f.Answered() != 9 {
		t.Errorf("target at %d clients, %d answered, want 9 and 9", f.Targets[0].Clients, f.Answered())
	}
}

// A newer page may judge in ways that are not known here.
func TestUnknownConditionIsToldFromTheSubchannels(t *testing.T) {
	t.Parallel()
	none := gone("c")
	none.Condition = "lovely"
	f := merge(client("1", seenAs("a", "lovely"), inState("b", "lovely"), none))
	for i, want := range []fleet.Condition{fleet.OK, fleet.Idle, fleet.Gone} {
		if got := f.Targets[0].Backends[i].Worst(); got != want {
			t.Errorf("backend %d is %v, want %v", i, got, want)
		}
	}
}

func TestBackendIsDownSinceItsFirstClientLostIt(t *testing.T) {
	t.Parallel()
	b := merge(client("1", down("a", time.Minute)), client("2", down("a", time.Hour)), client("3", inState("a", "down"))).Targets[0].Backends[0]
	if want := now.Add(-time.Hour); !b.DownSince.Equal(want) {
		t.Errorf("down since %v, want %v", b.DownSince, want)
	}
}

// The client's clock is an hour wrong, and its answer is 10 seconds old.
func TestTimesAreByTheClockOfTheOneWhoLooks(t *testing.T) {
	t.Parallel()
	wrong := client("1", down("a", time.Minute))
	wrong.Page.Targets[0].Events = []fetch.Event{{At: now.Add(-30 * time.Second), Kind: "lost", Backend: "a"}}
	wrong.At = now.Add(time.Hour)
	f := merge(wrong)
	b := f.Targets[0].Backends[0]
	if want := now.Add(59 * time.Minute); !b.DownSince.Equal(want) || !f.Clients[0].Bad[1].Since.Equal(want) {
		t.Errorf("down since %v and %v, want %v", b.DownSince, f.Clients[0].Bad[1].Since, want)
	}
	if want := now.Add(time.Hour - time.Second); !b.ErrorAt.Equal(want) {
		t.Errorf("error at %v, want %v", b.ErrorAt, want)
	}
	if want := now.Add(time.Hour - 30*time.Second); !f.Events[0].At.Equal(want) {
		t.Errorf("event at %v, want %v", f.Events[0].At, want)
	}
}

func TestLastErrorIsTheLatestOfAllClients(t *testing.T) {
	t.Parallel()
	older := down("a", time.Minute)
	older.LastError, older.LastErrorAt = "no route", now.Add(-time.Hour)
	recovered := sick("a", "unhealthy") // was; its connection error is the latest that counts
	recovered.Usable, recovered.Condition = 1, "ok"
	failed := usable("a")
	failed.LastRPCError = &fetch.RPCError{Code: "INTERNAL", Text: "disk full", At: now}
	silent := usable("a")
	silent.LastRPCError = &fetch.RPCError{Code: "INTERNAL", At: now}
	for want, second := range map[string]fetch.Backend{
		"INTERNAL: disk full": failed, "INTERNAL": silent,
		"connection refused": down("a", time.Minute), "no route": recovered, "unhealthy: NOT_SERVING": sick("a", "unhealthy"),
	} {
		for _, clients := range [][]poll.Client{{client("1", older), client("2", second)}, {client("2", second), client("1", older)}} {
			if got := merge(clients...).Targets[0].Backends[0].Error; got != want {
				t.Errorf("error %q, want %q", got, want)
			}
		}
	}
}

func TestTrafficIsTheSumOfTheClients(t *testing.T) {
	t.Parallel()
	b := merge(
		client("1", busy(usable("a"), 100, 0)), client("2", busy(usable("a"), 300, 0.5)), client("3", usable("a")),
	).Targets[0].Backends[0]
	ratio, known := b.ErrorRatio()
	if b.RPS != 400 || b.Errors != 150 || !known || math.Abs(ratio-0.375) > 1e-9 {
		t.Errorf("got %v RPS, %v errors, ratio %v %v, want 400, 150, 0.375", b.RPS, b.Errors, ratio, known)
	}
	silent := usable("a")
	silent.Recent.Short = &fetch.Window{}
	if b := merge(client("1", silent)).Targets[0].Backends[0]; !b.Known {
		t.Error("a rate of 0 is not known")
	} else if _, known := b.ErrorRatio(); known {
		t.Error("an error ratio of no RPCs is known")
	}
	if b := merge(client("1", usable("a"))).Targets[0].Backends[0]; b.Known {
		t.Error("a rate without samples is known")
	}
}

func TestAllRPCsMayFail(t *testing.T) {
	t.Parallel()
	b := merge(client("1", busy(usable("a"), 10, 1))).Targets[0].Backends[0]
	if ratio, known := b.ErrorRatio(); !known || ratio != 1 {
		t.Errorf("error ratio %v %v, want 1", ratio, known)
	}
}

func TestLatencyIsThatOfTheSlowestClient(t *testing.T) {
	t.Parallel()
	fast := timed(busy(usable("a"), 100, 0), fetch.Latency{Count: 1000, Mean: 0.001, P99: 0.002})
	slow := timed(busy(usable("a"), 1, 0), fetch.Latency{Count: 10, Mean: 0.5, P99: 0.9})
	none := timed(busy(usable("a"), 1, 0), fetch.Latency{Count: 0, P99: 7})
	guess := timed(busy(usable("a"), 300, 0), fetch.Latency{Mean: 0.003, Estimated: true, P99: 8})
	other := timed(busy(usable("a"), 100, 0), fetch.Latency{Mean: 0.007, Estimated: true})
	b := merge(client("1", fast), client("2", slow), client("3", none), client("4", guess), client("5", other)).Targets[0].Backends[0]
	if b.P99 != 0.9 || math.Abs(b.Mean-0.004) > 1e-9 {
		t.Errorf("p99 %v, estimated mean %v, want 0.9 and 0.004", b.P99, b.Mean)
	}
}

func TestWindowIsChosen(t *testing.T) {
	t.Parallel()
	b := busy(usable("a"), 10, 0)
	b.Recent.Long = &fetch.Window{RPS: 70}
	c := client("1", b)
	c.Page.Targets[0].Recent = b.Recent
	for w, want := range map[fleet.Window]float64{fleet.Short: 10, fleet.Long: 70} {
		f := fleet.New([]poll.Client{c}, fleet.Options{Window: w}, now)
		if got := f.Targets[0]; got.RPS != want || got.Backends[0].RPS != want || f.Clients[0].RPS != want || f.Window != w {
			t.Errorf("%v: %v, %v and %v RPS, want %v", w, got.RPS, got.Backends[0].RPS, f.Clients[0].RPS, want)
		}
	}
}

// One client has two backends, the other four: a gets half of one and a quarter of
// the other, which is even.
func TestShareIsComparedWithAnEvenSplitOfEachClient(t *testing.T) {
	t.Parallel()
	f := merge(
		client("1", busy(usable("a"), 50, 0), busy(usable("b"), 50, 0), busy(down("dead", time.Minute), 0, 0)),
		client("2", busy(usable("a"), 10, 0), busy(usable("c"), 30, 0), busy(usable("d"), 0, 0), busy(usable("e"), 0, 0)))
	for name, want := range map[string]float64{"a": 1, "b": 1, "c": 3, "d": 0, "e": 0, "dead": -1} {
		for _, b := range f.Targets[0].Backends {
			if share, known := b.Share(); b.Name == name && (known != (want >= 0) || known && math.Abs(share-want) > 1e-9) {
				t.Errorf("share of %s %v %v, want %v", name, share, known, want)
			}
		}
	}
}

func TestShareIsThatOfTheChosenWindow(t *testing.T) {
	t.Parallel()
	a, b := busy(usable("a"), 10, 0), busy(usable("b"), 10, 0)
	a.Recent.Long, b.Recent.Long = &fetch.Window{RPS: 30}, &fetch.Window{RPS: 10}
	for w, want := range map[fleet.Window]float64{fleet.Short: 1, fleet.Long: 1.5} {
		f := fleet.New([]poll.Client{client("1", a, b)}, fleet.Options{Window: w}, now)
		if share, known := f.Targets[0].Backends[0].Share(); !known || share != want {
			t.Errorf("%v: share of a %v %v, want %v", w, share, known, want)
		}
	}
}
