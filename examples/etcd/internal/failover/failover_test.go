package failover_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/clustertest"
	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/failover"
)

func TestMain(m *testing.M) { clustertest.Main(m) }

func TestFailoverLosesNothing(t *testing.T) { testFailover(t, "") }

// The members run the program etcd. The test is skipped if etcd is not installed, unless
// REQUIRE_ETCD is set.
func TestFailoverOfInstalledEtcdLosesNothing(t *testing.T) {
	program, err := exec.LookPath("etcd")
	if err != nil {
		if os.Getenv("REQUIRE_ETCD") != "" {
			t.Fatal("REQUIRE_ETCD is set, but: ", err)
		}
		t.Skip("no etcd here; Debian has it in the package etcd-server: ", err)
	}
	testFailover(t, program)
}

func testFailover(t *testing.T, program string) {
	ctx, c := clustertest.Start(t, program)
	r, err := failover.Run(ctx, t.Output(), c)
	if err != nil {
		t.Fatal(err)
	}
	if lost := r.Lost(); len(lost) > 0 || len(r.Tally.Acked) == 0 {
		t.Errorf("of %d acknowledged puts the killed member lacks %d: %v", len(r.Tally.Acked), len(lost), lost)
	}
	if len(r.Tally.Stale) > 0 {
		t.Errorf("gets did not find acknowledged puts: %v", r.Tally.Stale)
	}
	checkSteady(t, r)
	checkFailover(t, r)
	// Each successful call is one RPC that ended OK, and no RPC is in flight.
	sum := r.Back.Sum()
	if sum.OK() != r.Tally.Calls() || sum.InFlight != 0 || !sum.Consistent() {
		t.Errorf("metrics %+v, want %d OK, none in flight, picks = repicks + RPCs", sum, r.Tally.Calls())
	}
	if sum.NotOK() < len(r.Tally.Errs) {
		t.Errorf("%d RPCs not OK, but %d calls failed: %v", sum.NotOK(), len(r.Tally.Errs), errors.Join(r.Tally.Errs...))
	}
	checkPinned(t, r)
}

// checkSteady checks that the shares are equal while all members serve.
func checkSteady(t *testing.T, r *failover.Report) {
	t.Helper()
	if len(r.SteadyTally.Errs) > 0 || len(r.Steady.Backends) != 3 {
		t.Errorf("before the kill: %d members, failed: %v", len(r.Steady.Backends), r.SteadyTally.Errs)
	}
	total := r.Steady.Sum().Picks
	for name, b := range r.Steady.Backends {
		if b.Ready != 1 || b.Disconnections != 0 || b.Picks < total/3 || b.Picks > total/3+1 {
			t.Errorf("before the kill %s: %+v, want READY and %d of %d picks, or one more", name, b, total/3, total)
		}
	}
}

// checkFailover checks that the metrics show the loss and return of the member.
func checkFailover(t *testing.T, r *failover.Report) {
	t.Helper()
	killed := r.Killed.Backend()
	gone, down, back := r.Gone.Backends[killed], r.Down.Backends[killed], r.Back.Backends[killed]
	if down.Ready != 0 || down.Disconnections != 1 || down.FailedAttempts == 0 || len(r.Down.Ready()) != 2 {
		t.Errorf("while it is down: %+v, %d READY; want it lost once, attempts that failed, two others READY", down, len(r.Down.Ready()))
	}
	// A picker that has just been replaced may pick the member once more. gRPC gives up
	// such a pick and sends nothing.
	if picks, repicks := down.Picks-gone.Picks, down.Repicks-gone.Repicks; picks > repicks {
		t.Errorf("%d picks of a member that is known to be down, %d given up", picks, repicks)
	}
	if back.Ready != 1 || back.OK() <= down.OK() || len(r.Back.Ready()) != 3 {
		t.Errorf("when it is back: %+v, %d READY, want it READY and more than %d OK", back, len(r.Back.Ready()), down.OK())
	}
	for name, b := range r.Back.Backends {
		if name != killed && b.Disconnections != 0 {
			t.Errorf("%s was not killed and lost %d connections", name, b.Disconnections)
		}
	}
}

// checkPinned checks that the client of one name used only one member. It also
// checks that the live page says that the others have other names.
func checkPinned(t *testing.T, r *failover.Report) {
	t.Helper()
	killed := r.Killed.AddressBackend()
	if len(r.PinnedBefore.Ready()) != 1 || r.PinnedBefore.Backends[killed].Ready != 1 {
		t.Errorf("before the kill the pinned client has %+v, want %s alone READY", r.PinnedBefore, killed)
	}
	if !errors.Is(r.Pinned.Err, context.DeadlineExceeded) {
		t.Errorf("put of the pinned client: %v, want deadline exceeded", r.Pinned.Err)
	}
	wrong := 0
	for _, last := range r.Pinned.ConnectionErrors {
		if strings.Contains(last, "x509: certificate is valid for member") && strings.Contains(last, "not "+r.Killed.Name()) {
			wrong++
		}
	}
	if wrong != 2 {
		t.Errorf("%d members with the wrong name, want 2: %v", wrong, r.Pinned.ConnectionErrors)
	}
}
