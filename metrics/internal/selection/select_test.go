package selection_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus/statustest"
	"github.com/grpc-balancer2/balancer2/metrics/internal/selection"
)

// The words of the page find backends, but only those of trouble: nearly all are "ok".
func TestTheFilterFindsConditions(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"q=down": "10.0.0.2 10.0.0.10", "q=erring": "10.0.0.6 10.0.0.5", "q=SLOW": "10.0.0.8 10.0.0.7", "q=starved": "10.0.0.9", "q=crowded": "10.0.0.11",
		"q=gone": "", "q=unhealthy": "10.0.0.3", "q=unusable": "10.0.0.3",
	} {
		if got := strings.Join(names(t, query, statustest.Ward()...), " "); got != want {
			t.Errorf("%s finds %s, want %s", query, got, want)
		}
	}
	backend := statustest.Backend("a", connectivity.Connecting)
	if got := names(t, "q=ok", backend); len(got) != 0 {
		t.Errorf("q=ok finds %v, which has no RPC that ended OK", got)
	}
	if got := names(t, "q=ok", statustest.Backend("a", connectivity.Connecting, codes.OK)); len(got) != 1 {
		t.Errorf("q=ok finds %v, want the backend with an RPC that ended OK", got)
	}
}

// An error that names targets stays readable.
func TestAnUnknownTargetIsAnsweredWithSomeNames(t *testing.T) {
	t.Parallel()
	q, err := selection.Parse("target=none")
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]string{0: "none yet", 1: `valid: "00"`, 20: `"18", "19"`, 21: `"18", "19" and 1 more`, 25: `"19" and 5 more`} {
		var s livestatus.Snapshot
		for i := range n {
			s.Targets = append(s.Targets, livestatus.Target{Key: livestatus.Key{Target: fmt.Sprintf("%02d", i), Policy: "p"}})
		}
		_, err := selection.New(t.Context(), q, s)
		mistake, ok := errors.AsType[*selection.QueryError](err)
		if !ok || mistake.Parameter != "target" || !strings.Contains(mistake.Message, want) || n <= 20 && strings.Contains(mistake.Message, "more") {
			t.Errorf("%d targets: %v, want an error with %s", n, err, want)
		}
	}
}

// The shares that the list is sorted by are those that it shows: of the last minute if
// no shorter window is known.
func TestSharesAreThoseOfTheWindowThatIsKnown(t *testing.T) {
	t.Parallel()
	backends := statustest.Even(3)
	for i := range backends {
		statustest.With(backends, i, statustest.Gets(uint64(10*(i+1))), func(b *livestatus.Backend) { b.Recent.Short = livestatus.Window{} })
	}
	if got := strings.Join(names(t, "sort=share", backends...), " "); got != "10.0.0.3 10.0.0.2 10.0.0.1" {
		t.Errorf("sorted by share: %s", got)
	}
}

func TestConnectionsAreSortedByFailuresThenSuccesses(t *testing.T) {
	t.Parallel()
	attempts := func(name string, failed, connected uint64) livestatus.Backend {
		b := statustest.Backend(name, connectivity.Ready)
		b.ConnectFailed, b.Connected = failed, connected
		return b
	}
	backends := []livestatus.Backend{attempts("a", 1, 2), attempts("b", 1, 3), attempts("c", 2, 1)}
	if got := strings.Join(names(t, "sort=attempts", backends...), " "); got != "c b a" {
		t.Errorf("sorted by connection attempts: %s, want c b a", got)
	}
}

// Links are short, and a second click reverses the list.
func TestALinkThatSortsNamesTheDirectionOnlyIfItIsUnusual(t *testing.T) {
	t.Parallel()
	for _, c := range selection.Columns {
		q, err := selection.Parse("page=3")
		if err != nil {
			t.Fatal(err)
		}
		first := q.SortedBy(c, false)
		second := first.SortedBy(c, true)
		third := second.SortedBy(c, true)
		usual := "?sort=" + c.Name
		unusual := map[string]string{selection.Ascending: "&dir=desc", selection.Descending: "&dir=asc"}[first.Direction(c)]
		if first.Link() != usual || second.Link() != usual+unusual || third.Link() != usual {
			t.Errorf("the links by %s are %s, %s and %s", c.Name, first.Link(), second.Link(), third.Link())
		}
	}
}
