package compose_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/balancer/compose"
)

func TestErrorsOfUpdatesAreCombined(t *testing.T) {
	t.Parallel()
	other := errors.New("other error")
	d := newDivided(t)
	d.send(t, "a", "b", "c")
	d.children.built[0].err, d.children.built[2].err = errTest, other
	err := d.sendAny("a", "b", "c")
	want := "test: update child \"a\": test error\ntest: update child \"c\": other error"
	if !errors.Is(err, errTest) || !errors.Is(err, other) || err.Error() != want {
		t.Errorf("error %q, want %q, which wraps both", err, want)
	}
	d.children.built[1].err = fmt.Errorf("wrapped: %w", balancer.ErrBadResolverState)
	if err := d.sendAny("a", "b", "c"); err != balancer.ErrBadResolverState {
		t.Errorf("error %v, want ErrBadResolverState itself, as gRPC compares", err)
	}
}

func TestAnUpdateWithoutChildrenIsBad(t *testing.T) {
	t.Parallel()
	d := newDivided(t)
	d.send(t, "a")
	d.children.take()
	if err := d.sendAny(); err != balancer.ErrBadResolverState {
		t.Errorf("error %v, want ErrBadResolverState", err)
	}
	d.children.want(t, "child 0: close")
	d.wantChildren(t, "test: no children to pick from: the resolver update has none")
	if got := d.cc.State().ConnectivityState; got != connectivity.TransientFailure {
		t.Errorf("state %v, want TRANSIENT_FAILURE", got)
	}
	d.send(t, "a")
	d.wantChildren(t, "a CONNECTING")
}

func TestARefusedUpdateChangesNothing(t *testing.T) {
	t.Parallel()
	d := newDivided(t)
	if err := d.sendAny("refused"); err != errTest {
		t.Errorf("error %v, want the author's", err)
	}
	d.wantChildren(t, errTest.Error())
	d.send(t, "a")
	d.children.take()
	for _, addrs := range [][]string{{"refused"}, {"b", "b"}} {
		if err := d.sendAny(addrs...); err == nil {
			t.Errorf("update with %q: no error", addrs)
		}
	}
	d.children.want(t)
	d.wantChildren(t, "a CONNECTING")
}

func TestAChildNeedsABuilderAndANameOfItsOwn(t *testing.T) {
	t.Parallel()
	for want, children := range map[string][]compose.Child{
		`test: update child "a": nil builder`:                  {{Name: "a"}},
		`test: update child "a": two children have this name`:  {{Name: "a", Builder: &stubs{}}, {Name: "a", Builder: &stubs{}}},
		"compose: build policy none: its builder returned nil": {{Name: "a", Builder: &stubs{name: "none", refuse: true}}},
	} {
		cc := newChannel(t)
		p := compose.Split("test", func(*compose.Instance) compose.Splitter {
			return compose.Splitter{
				Update: func(balancer.ClientConnState) ([]compose.Child, error) { return children, nil },
				State:  func(children []compose.ChildState) balancer.State { return children[0].State },
			}
		}).Build(cc, balancer.BuildOptions{})
		if err := p.UpdateClientConnState(balancer.ClientConnState{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
		if _, err := cc.Pick(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("pick: %v, want %q", err, want)
		}
		p.ExitIdle()
		p.ResolverError(errTest)
		p.Close()
	}
}
