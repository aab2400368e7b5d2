package compose_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/leastrequest"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/compose"
	"github.com/grpc-balancer2/balancer2/roundrobin2"
)

// intercept wraps a policy with a picker. The data of a SubConn is its first address.
func intercept(name string, b balancer.Builder, pick func(child balancer.Picker, info balancer.PickInfo) (balancer.PickResult, error)) balancer.Builder {
	return compose.Wrap(name, b, func(*compose.Instance) compose.Wrapper[string] {
		return compose.Wrapper[string]{
			Data: func(addrs []resolver.Address) string { return addrs[0].Addr },
			State: func(child balancer.State) balancer.State {
				inner := child.Picker
				child.Picker = pickerFunc(func(info balancer.PickInfo) (balancer.PickResult, error) { return pick(inner, info) })
				return child
			},
		}
	})
}

func dataOf(t *testing.T, res balancer.PickResult) string {
	t.Helper()
	sc, ok := res.SubConn.(*compose.SubConn[string])
	if !ok {
		t.Fatalf("the child picked a %T, want a SubConn of compose", res.SubConn)
	}
	return sc.Data()
}

// buildReady builds the policy on endpoints whose first SubConns are READY.
func buildReady(t *testing.T, b balancer.Builder, addrs ...string) *balancertest.ClientConn {
	t.Helper()
	cc := balancertest.NewClientConn(t)
	p := cc.Build(b)
	t.Cleanup(p.Close)
	if err := p.UpdateWithConfig("{}", balancertest.Endpoints(addrs...)...); err != nil {
		t.Fatal(err)
	}
	for _, sc := range cc.Live() {
		sc.Ready()
	}
	return cc
}

func TestAPickCanBeRefusedBeforeTheChildIsAsked(t *testing.T) {
	t.Parallel()
	want := status.Error(codes.PermissionDenied, "refused")
	asked := false
	child := intercept("child", roundrobin2.NewBuilder(), func(p balancer.Picker, info balancer.PickInfo) (balancer.PickResult, error) {
		asked = true
		return p.Pick(info)
	})
	cc := buildReady(t, intercept("test", child, func(balancer.Picker, balancer.PickInfo) (balancer.PickResult, error) {
		return balancer.PickResult{}, want
	}), "a:1")
	if _, err := cc.Pick(); err != want || asked {
		t.Errorf("error %v, child asked %t, want %v and false", err, asked, want)
	}
}

// least_request sends each RPC to the backend with the fewest in flight. A pick that is
// not given back counts for ever.
func TestADiscardedPickGivesTheCountsOfLeastRequestBack(t *testing.T) {
	t.Parallel()
	b := intercept("test", withoutConfig{balancer.Get(leastrequest.Name)}, func(p balancer.Picker, info balancer.PickInfo) (balancer.PickResult, error) {
		for { // until the choice is a:1
			res, err := p.Pick(info)
			if err != nil || dataOf(t, res) == "a:1" {
				return res, err
			}
			compose.Discard(res)
		}
	})
	cc := buildReady(t, b, "a:1", "b:1")
	for range 20 {
		if sc, err := cc.RPC(nil); err != nil || sc.Addr() != "a:1" {
			t.Fatalf("RPC to %v, %v, want a:1", sc, err)
		}
	}
	a, err := cc.Start(balancer.PickInfo{})
	if err != nil {
		t.Fatal(err)
	}
	a.End(balancer.DoneInfo{})
}

func TestADiscardedPickEndsOnceWithNothingSent(t *testing.T) {
	t.Parallel()
	var ended []balancer.DoneInfo
	compose.Discard(balancer.PickResult{Done: func(i balancer.DoneInfo) { ended = append(ended, i) }})
	if len(ended) != 1 || fmt.Sprint(ended[0]) != fmt.Sprint(balancer.DoneInfo{}) {
		t.Errorf("Done got %v, want one zero DoneInfo", ended)
	}
	compose.Discard(balancer.PickResult{}) // a child may have no Done
}

func TestAddedDonesRunBesideTheChildsExactlyOnce(t *testing.T) {
	t.Parallel()
	var order []string
	done := func(name string) func(balancer.DoneInfo) {
		return func(i balancer.DoneInfo) { order = append(order, fmt.Sprint(name, i.Err)) }
	}
	var res balancer.PickResult
	compose.AddDone(&res, done("child "))
	compose.AddDone(&res, done("mine "))
	compose.AddDone(&res, done("outer "))
	res.Done(balancer.DoneInfo{Err: errTest})
	if want := []string{"child test error", "mine test error", "outer test error"}; !slices.Equal(order, want) {
		t.Errorf("calls %q, want %q", order, want)
	}
}

func TestAddedMetadataKeepsTheChilds(t *testing.T) {
	t.Parallel()
	child := metadata.Pairs("child", "1", "both", "1")
	res := balancer.PickResult{Metadata: child}
	compose.AddMetadata(&res, metadata.Pairs("mine", "2", "both", "2"))
	if want := metadata.Pairs("child", "1", "both", "1", "both", "2", "mine", "2"); fmt.Sprint(res.Metadata) != fmt.Sprint(want) {
		t.Errorf("metadata %v, want %v", res.Metadata, want)
	}
	if want := metadata.Pairs("child", "1", "both", "1"); fmt.Sprint(child) != fmt.Sprint(want) {
		t.Errorf("the child's own metadata became %v; other picks share it", child)
	}
	res = balancer.PickResult{}
	compose.AddMetadata(&res, metadata.Pairs("mine", "2"))
	if got := res.Metadata.Get("mine"); !slices.Equal(got, []string{"2"}) {
		t.Errorf("metadata %v, want mine", res.Metadata)
	}
}

func TestEachPolicySeesItsOwnDataWhenNested(t *testing.T) {
	t.Parallel()
	var seen []string
	layer := func(name string, b balancer.Builder) balancer.Builder {
		return compose.Wrap(name, b, func(*compose.Instance) compose.Wrapper[string] {
			return compose.Wrapper[string]{
				Data: func(addrs []resolver.Address) string { return name + " " + addrs[0].Addr },
				State: func(child balancer.State) balancer.State {
					inner := child.Picker
					child.Picker = pickerFunc(func(info balancer.PickInfo) (balancer.PickResult, error) {
						res, err := inner.Pick(info)
						if err == nil {
							seen = append(seen, dataOf(t, res))
						}
						return res, err
					})
					return child
				},
			}
		})
	}
	cc := buildReady(t, layer("outer", layer("inner", roundrobin2.NewBuilder())), "a:1")
	if sc, err := cc.Pick(); err != nil || sc.Addr() != "a:1" {
		t.Errorf("picked %v, %v", sc, err)
	}
	if want := []string{"inner a:1", "outer a:1"}; !slices.Equal(seen, want) {
		t.Errorf("data %q, want %q", seen, want)
	}
}

func TestASubConnKnowsItsAddresses(t *testing.T) {
	t.Parallel()
	children := &stubs{name: "child"}
	nothing("test", children).Build(newChannel(t), balancer.BuildOptions{})
	child := children.only(t)
	addrs := []resolver.Address{{Addr: "a:1"}}
	raw, err := child.cc.NewSubConn(addrs, balancer.NewSubConnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	sc := raw.(*compose.SubConn[int])
	addrs[0].Addr = "reused"
	wantAddress := func(want string) {
		t.Helper()
		if got := sc.Addresses(); len(got) != 1 || got[0].Addr != want {
			t.Errorf("addresses %v, want %s", got, want)
		}
	}
	wantAddress("a:1")
	sc.UpdateAddresses(addr2)
	wantAddress("b:1")
	child.cc.UpdateAddresses(sc, addr1)
	wantAddress("a:1")
}

// An error that only wraps ErrNoSubConnAvailable ends the RPC.
func TestAPickersErrorIsNotChanged(t *testing.T) {
	t.Parallel()
	want := fmt.Errorf("wrapped: %w", errors.Join(balancer.ErrNoSubConnAvailable, errTest))
	cc := buildReady(t, intercept("test", roundrobin2.NewBuilder(), func(balancer.Picker, balancer.PickInfo) (balancer.PickResult, error) {
		return balancer.PickResult{}, want
	}), "a:1")
	if _, err := cc.State().Picker.Pick(balancer.PickInfo{}); err != want {
		t.Errorf("error %v, want the author's itself", err)
	}
}

func TestAPickAllocatesNothing(t *testing.T) {
	// Not parallel: AllocsPerRun counts for the whole program.
	done := func(balancer.DoneInfo) {}
	author := func(p balancer.Picker, info balancer.PickInfo) (balancer.PickResult, error) {
		res, err := p.Pick(info)
		if err == nil && len(res.SubConn.(*compose.SubConn[string]).Data()) > 0 {
			compose.AddDone(&res, done)
		}
		return res, err
	}
	rr2 := roundrobin2.NewBuilder()
	for _, test := range []struct {
		name string
		b    balancer.Builder
		want float64
	}{
		{"wrapped", intercept("test", rr2, author), 0},
		{"wrapped, unchanged", nothing("test", rr2), 0},
		{"the breaker", compose.Wrap("breaker", rr2, newBreaker), 0},
		{"the localities", compose.Split("localities", newLocalities), 0},
		{"wrapped twice, with a Done of each", intercept("outer", intercept("inner", rr2, author), author), 1}, // the pair of Dones
	} {
		cc := buildReady(t, test.b, "a:1", "b:1")
		picker := cc.State().Picker
		if cc.State().ConnectivityState != connectivity.Ready {
			t.Fatalf("%s: %v, want READY", test.name, cc.State().ConnectivityState)
		}
		got := testing.AllocsPerRun(1000, func() {
			res, err := picker.Pick(balancer.PickInfo{})
			if err == nil && res.Done != nil {
				res.Done(balancer.DoneInfo{})
			}
		})
		if got != test.want {
			t.Errorf("%s: %v allocations for a pick and its Done, want %v", test.name, got, test.want)
		}
	}
}
