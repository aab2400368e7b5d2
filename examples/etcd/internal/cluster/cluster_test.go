package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

// broken makes this program end at once, like a broken etcd.
const broken = "CLUSTER_TEST_BROKEN"

func TestMain(m *testing.M) {
	ServeIfMember()
	if os.Getenv(broken) != "" {
		fmt.Fprintln(os.Stderr, "no space left")
		os.Exit(3)
	}
	goleak.VerifyTestMain(m)
}

func TestLeaderIsAwaitedDuringAnElection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &Cluster{Members: []*Member{new(Member), new(Member), new(Member)}}
		elected := time.Now().Add(3 * time.Second)
		leads := func(m *Member) (bool, error) { return m == c.Members[1] && !time.Now().Before(elected), nil }
		if m, err := c.awaitLeader(t.Context(), leads); m != c.Members[1] || err != nil {
			t.Errorf("leader %p, error %v, want %p, the second member", m, err, c.Members[1])
		}
		if late := time.Since(elected); late > time.Second {
			t.Errorf("found %v after the election", late)
		}
	})
}

func TestLeaderIsAwaitedNoLongerThanTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &Cluster{Members: []*Member{new(Member)}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := c.awaitLeader(ctx, func(*Member) (bool, error) { return false, nil })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want deadline exceeded", err)
		}
		unknown := errors.New("unknown")
		if _, err := c.awaitLeader(t.Context(), func(*Member) (bool, error) { return false, unknown }); !errors.Is(err, unknown) {
			t.Errorf("error %v, want the error of the member that was asked", err)
		}
	})
}

// A terminal sends Ctrl-C to all processes of the program. The members must ignore it,
// because the program ends them.
func TestMembersSurviveCtrlC(t *testing.T) {
	ctx, cancel := context.WithTimeoutCause(t.Context(), 2*time.Minute, errors.New("the test takes too long"))
	defer cancel()
	c, err := Start(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, m := range c.Members {
		if err := m.cmd.Process.Signal(os.Interrupt); err != nil {
			t.Skipf("this system cannot send SIGINT: %v", err)
		}
	}
	for _, m := range c.Members {
		if err := m.WaitServing(ctx); err != nil {
			t.Error(err)
		}
	}
}

func TestStartSaysWhyTheProgramEnded(t *testing.T) {
	t.Setenv(broken, "1")
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	_, err = Start(t.Context(), program)
	if err == nil || !strings.HasSuffix(err.Error(), "its process has ended: exit status 3 no space left") {
		t.Errorf("Start: %v, want the exit status of the program and its output", err)
	}
}
