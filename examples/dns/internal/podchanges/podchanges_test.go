package podchanges_test

import (
	"context"
	"maps"
	"slices"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/examples/dns/internal/podchanges"
	"github.com/grpc-balancer2/balancer2/examples/internal/exampletest"
	"github.com/grpc-balancer2/balancer2/examples/internal/load"
)

func TestANewPodGetsNothingWhileConnectionsLast(t *testing.T) {
	t.Parallel()
	got, err := settings().ScaleUp(t.Context(), t.Output(), podchanges.Remedy{})
	if err != nil {
		t.Fatal(err)
	}
	if got.Share != 0 || got.HasSeries || got.Lookups != 0 {
		t.Errorf("share %.2f, series %t, DNS asked %d times; want none of these", got.Share, got.HasSeries, got.Lookups)
	}
	if got.Counted < 50 {
		t.Errorf("the share is of %d RPCs, too few for a result", got.Counted)
	}
	near(t, "share after another pod was lost", got.AfterLoss, 1./3)
	noneFailed(t, got.RPCs)
}

func TestANewPodGetsItsShareWithMaxConnectionAge(t *testing.T) {
	t.Parallel()
	s := settings()
	got, err := s.ScaleUp(t.Context(), t.Output(), podchanges.Remedy{MaxConnectionAge: s.MaxConnectionAge})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "share", got.Share, got.Fair)
	if !got.HasSeries || got.Lookups == 0 || got.Lost == 0 {
		t.Errorf("series %t, DNS asked %d times, %d connections lost; want all of these", got.HasSeries, got.Lookups, got.Lost)
	}
	noneFailed(t, got.RPCs)
}

// The servers close no connection, so only the policy can have asked DNS.
func TestANewPodGetsItsShareWithResolveEvery(t *testing.T) {
	t.Parallel()
	s := settings()
	got, err := s.ScaleUp(t.Context(), t.Output(), podchanges.Remedy{ResolveEvery: s.ResolveEvery})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "share", got.Share, got.Fair)
	if !got.HasSeries || got.Lookups == 0 || got.Lost != 0 {
		t.Errorf("series %t, DNS asked %d times, %d connections lost; want both of these and no loss", got.HasSeries, got.Lookups, got.Lost)
	}
	near(t, "share after another pod was lost", got.AfterLoss, 1./3)
	noneFailed(t, got.RPCs)
}

func TestInterruptedRunEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	if err := settings().Run(ctx, exampletest.OnText("", cancel)); err == nil {
		t.Error("Run: no error, want the error of the interruption")
	}
}

func TestARollingUpdateFailsNoRPC(t *testing.T) {
	t.Parallel()
	got, err := settings().RollingUpdate(t.Context(), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	noneFailed(t, got.RPCs)
	if got.RPCs.Total() < 200 {
		t.Errorf("%d RPCs, too few to say anything", got.RPCs.Total())
	}
	lives := map[string]podchanges.Lifetime{}
	lost := 0
	for _, life := range got.Lifetimes {
		lives[life.Addr] = life
		lost += life.Last.Disconnections
	}
	if lost == 0 || got.Lookups == 0 {
		t.Errorf("%d connections lost, DNS asked %d times; want some of both, because without them the client finds no new pod", lost, got.Lookups)
	}
	if want := slices.Sorted(slices.Values(append(slices.Clone(got.Old), got.New...))); !slices.Equal(slices.Sorted(maps.Keys(lives)), want) {
		t.Fatalf("series of %v, want of %v", slices.Sorted(maps.Keys(lives)), want)
	}
	for _, addr := range got.Old {
		life := lives[addr]
		// The pod may show no lost connection. If the client asked DNS earlier, because
		// of another connection, the policy closed this one itself.
		if life.ReadyUntil == 0 || life.Last.Ready != 0 {
			t.Errorf("old pod %+v, want it READY at first and not READY later", life)
		}
		if n := got.RPCs.Answers[addr]; n == 0 || life.Last.OK() != n {
			t.Errorf("old pod %+v answered %d RPCs, want some, and the same number in the last scrape of its series", life, n)
		}
		if life.Gone-life.ReadyUntil < podchanges.Retention {
			t.Errorf("old pod %+v, want its series to stay for %s after it is gone", life, podchanges.Retention)
		}
	}
	for _, addr := range got.New {
		life := lives[addr]
		if life.Came == 0 || life.Gone != 0 || life.Last.Ready == 0 || life.Last.OK() == 0 {
			t.Errorf("new pod %+v, want series with RPCs that stay", life)
		}
	}
}

func TestReplacingAllWithinMinResolutionIntervalFailsRPCs(t *testing.T) {
	t.Parallel()
	got, err := settings().ReplaceAllAtOnce(t.Context(), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	if got.RPCs.Failed() == 0 {
		t.Fatalf("none of %d RPCs failed", got.RPCs.Total())
	}
	if got.Lookups < 2 {
		t.Errorf("DNS was asked %d times, want again after the interval", got.Lookups)
	}
	if status.Code(got.RPCs.LastErr) != codes.Unavailable {
		t.Errorf("RPCs failed with %v, want Unavailable", got.RPCs.LastErr)
	}
}

func TestDNSSelectsThePolicy(t *testing.T) {
	t.Parallel()
	s := settings()
	got, err := s.PolicyFromDNS(t.Context(), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Policies) != s.Pods {
		t.Errorf("series of %d backends, want %d", len(got.Policies), s.Pods)
	}
	if got.RPCs.Total() < 10*s.Pods {
		t.Errorf("%d RPCs, too few to say anything", got.RPCs.Total())
	}
	for addr, policy := range got.Policies {
		if policy != "round_robin2" {
			t.Errorf("%s is picked by %q, want round_robin2", addr, policy)
		}
	}
	noneFailed(t, got.RPCs)
}

func noneFailed(t *testing.T, rpcs load.Counts) {
	t.Helper()
	if rpcs.Failed() != 0 {
		t.Errorf("%d of %d RPCs failed, the last with %v", rpcs.Failed(), rpcs.Total(), rpcs.LastErr)
	}
}

// near checks a share. It allows a deviation of a fifth, because connections are being
// replaced.
func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if got < want*0.8 || got > want*1.2 {
		t.Errorf("%s is %.3f, want %.3f, plus or minus a fifth", what, got, want)
	}
}
