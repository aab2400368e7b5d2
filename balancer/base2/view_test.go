package base2_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
	"github.com/grpc-balancer2/balancer2/balancer/base2"
)

// viewer is a Policy that records what it sees. It takes RPCs in turn to the READY
// endpoints; without any they wait. It counts the pickers for which an endpoint was
// listed in the endpoint's Data.
type viewer struct {
	statuses [][]base2.Status[int] // per picker
	errs     []error
	states   []connectivity.State
	attrs    *attributes.Attributes
	lens     int
}

func (v *viewer) NewPicker(view base2.View[int]) balancer.Picker {
	all := slices.Collect(view.All())
	for _, s := range all {
		s.Endpoint.Data++
		if again := view.Status(s.Endpoint); fmt.Sprint(again) != fmt.Sprint(s) {
			panic(fmt.Sprintf("Status tells %v, All %v", again, s))
		}
	}
	v.statuses, v.errs, v.states = append(v.statuses, all), append(v.errs, view.PickError()), append(v.states, view.State())
	v.attrs, v.lens = view.Attributes(), view.Len()
	p := &viewPicker{}
	for _, r := range view.Ready() {
		p.conns = append(p.conns, r.SubConn)
	}
	return p
}

type viewPicker struct {
	conns []balancer.SubConn
	turn  int
}

func (p *viewPicker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	if len(p.conns) == 0 {
		return balancer.PickResult{}, balancer.ErrNoSubConnAvailable
	}
	p.turn++
	return balancer.PickResult{SubConn: p.conns[p.turn%len(p.conns)]}, nil
}

// last returns what the last picker saw of its endpoints.
func (v *viewer) last() []base2.Status[int] { return v.statuses[len(v.statuses)-1] }

// String describes the last view: "a:1 READY; b:1 TRANSIENT_FAILURE refused".
func (v *viewer) String() string {
	var all []string
	for _, s := range v.last() {
		text := fmt.Sprint(s.Addresses[0].Addr, " ", s.State)
		if s.Err != nil {
			text += " " + s.Err.Error()
		}
		all = append(all, text)
	}
	return strings.Join(all, "; ")
}

// buildViewer builds the policy; its endpoints count as healthy when they connect.
func buildViewer(t *testing.T, options ...base2.Option) (*balancertest.ClientConn, *balancertest.Policy, *viewer) {
	t.Helper()
	cc, v := balancertest.NewClientConn(t), &viewer{}
	p := cc.Build(base2.New("viewer", func(*base2.Channel) *viewer { return v }, options...))
	t.Cleanup(p.Close)
	return cc, p, v
}

func (v *viewer) want(t *testing.T, want string) {
	t.Helper()
	if got := v.String(); got != want {
		t.Errorf("the policy sees %s, want %s", got, want)
	}
}

func TestAPolicySeesAllEndpoints(t *testing.T) {
	t.Parallel()
	cc, p, v := buildViewer(t, base2.WithEveryState())
	cc.SetManualHealth(true)
	mustUpdate(t, p, balancertest.Endpoints("c:1", "a:1", "b:1", "d:1")...)
	v.want(t, "c:1 CONNECTING; a:1 CONNECTING; b:1 CONNECTING; d:1 CONNECTING")
	cc.SubConn("a:1").Ready()
	cc.SubConn("a:1").SetHealth(stReady, nil)
	cc.SubConn("b:1").Fail(errors.New("refused"))
	cc.SubConn("d:1").Ready()
	cc.SubConn("d:1").SetHealth(stFailure, errors.New("sick"))
	v.want(t, "c:1 CONNECTING; a:1 READY; b:1 TRANSIENT_FAILURE connect to b:1: refused; d:1 TRANSIENT_FAILURE check health of d:1: sick")
	for _, s := range v.last() {
		if ready := s.State == stReady; (s.SubConn != nil) != ready || (s.Address().Addr != "") != ready {
			t.Errorf("in %v the SubConn is %v to %v, want one only in READY", s.State, s.SubConn, s.Address())
		}
	}
	if v.lens != 4 {
		t.Errorf("Len is %d, want 4", v.lens)
	}
}

func TestAStatusHasWhatTheResolverSaid(t *testing.T) {
	t.Parallel()
	cc, p, v := buildViewer(t)
	e := balancertest.WithWeight(balancertest.Endpoint("a:1", "a:2"), 7)
	e.Attributes = e.Attributes.WithValue("zone", "east")
	e.Addresses[1].ServerName = "second"
	mustUpdate(t, p, e, balancertest.Endpoint("b:1"))
	cc.SubConn("a:1").Fail(errors.New("refused"))
	cc.SubConn("a:2").Ready()
	cc.SubConn("b:1").Ready()
	a, b := v.last()[0], v.last()[1]
	got := fmt.Sprintf("%d %v %s %s %d", a.Weight(), a.Attributes.Value("zone"), a.Address().Addr, a.Address().ServerName, len(a.Addresses))
	if got != "7 east a:2 second 2" {
		t.Errorf("a has weight, zone, address, name and number of addresses %s, want 7 east a:2 second 2", got)
	}
	if got := fmt.Sprint(b.Weight(), b.Attributes.Value("zone")); got != "1 <nil>" {
		t.Errorf("weight and zone of an endpoint without attributes are %s, want 1 and none", got)
	}
	if a.SubConn != balancer.SubConn(cc.SubConn("a:2")) {
		t.Errorf("the SubConn is %v, want gRPC's to a:2", a.SubConn)
	}
}

func TestAStatusIsOfOneMoment(t *testing.T) {
	t.Parallel()
	cc, p, v := buildViewer(t)
	mustUpdate(t, p, balancertest.Endpoints("a:1")...)
	cc.SubConn("a:1").Ready()
	before := v.last()[0]
	e := balancertest.Endpoint("a:1")
	e.Attributes = attributes.New("zone", "east")
	mustUpdate(t, p, e)
	if before.State != stReady || before.Attributes.Value("zone") != nil || v.last()[0].Attributes.Value("zone") != "east" {
		t.Errorf("a status of before is %v, and now it is %v", before, v.last()[0])
	}
}

func TestDataLivesAsLongAsItsEndpoint(t *testing.T) {
	t.Parallel()
	cc, p, v := buildViewer(t, base2.WithEveryState())
	data := func(addr string) int {
		for _, s := range v.last() {
			if s.Addresses[0].Addr == addr {
				return s.Endpoint.Data
			}
		}
		return -1
	}
	mustUpdate(t, p, balancertest.Endpoints("a:1", "b:1")...)
	cc.SubConn("a:1").Ready()
	cc.SubConn("a:1").Idle()
	cc.SubConn("a:1").Ready()
	mustUpdate(t, p, balancertest.Endpoints("c:1", "b:1", "a:1")...)
	if got := data("a:1"); got != len(v.statuses) {
		t.Errorf("a:1 was in %d pickers by its data, want all %d", got, len(v.statuses))
	}
	mustUpdate(t, p, balancertest.Endpoints("b:1")...)
	mustUpdate(t, p, balancertest.Endpoints("b:1", "a:1")...)
	if got := fmt.Sprint(data("a:1"), data("b:1") == len(v.statuses)); got != "1 true" {
		t.Errorf("data of a:1, and whether b:1 has kept its: %s, want 1 true", got)
	}
}

func TestTheResolversAttributesReachThePolicy(t *testing.T) {
	t.Parallel()
	t.Run("in READY", func(t *testing.T) { t.Parallel(); resolversAttributes(t) })
	t.Run("in every state", func(t *testing.T) { t.Parallel(); resolversAttributes(t, base2.WithEveryState()) })
}

func resolversAttributes(t *testing.T, options ...base2.Option) {
	t.Helper()
	cc, p, v := buildViewer(t, options...)
	update := func(attrs *attributes.Attributes) (pickers int) {
		t.Helper()
		before := len(v.statuses)
		s := balancertest.ResolverState(balancertest.Endpoints("a:1")...)
		s.Attributes = attrs
		if err := p.UpdateClientConnState(balancer.ClientConnState{ResolverState: s}); err != nil {
			t.Fatalf("update: %v", err)
		}
		return len(v.statuses) - before
	}
	update(attributes.New("groups", "x"))
	cc.SubConn("a:1").Ready()
	for _, test := range []struct {
		attrs   *attributes.Attributes
		pickers int
		want    any
	}{
		{attributes.New("groups", "x"), 0, "x"},
		{attributes.New("groups", "y"), 1, "y"},
		{nil, 1, nil},
		{nil, 0, nil},
	} {
		if pickers := update(test.attrs); pickers != test.pickers || v.attrs.Value("groups") != test.want {
			t.Errorf("after an update with %v: %d pickers and attributes %v, want %d", test.attrs, pickers, v.attrs, test.pickers)
		}
	}
}

// A policy gets what gRPC gives it.
func TestAPolicyIsMadeWithItsChannel(t *testing.T) {
	t.Parallel()
	cc := balancertest.NewClientConn(t)
	var channel *base2.Channel
	b := base2.New("channelled", func(c *base2.Channel) fromReady { channel = c; return first })
	opts := balancer.BuildOptions{Target: resolver.Target{}, Authority: "echo.example.com"}
	opts.Target.URL.Scheme = "dns"
	p := cc.BuildWithOptions(b, opts)
	defer p.Close()
	if got := fmt.Sprint(channel.Target().URL.Scheme, " ", channel.BuildOptions().Authority); got != "dns echo.example.com" {
		t.Errorf("scheme and authority %s", got)
	}
	before := cc.ResolveNowCalls()
	channel.ResolveNow()
	if got := cc.ResolveNowCalls() - before; got != 1 {
		t.Errorf("%d calls of ResolveNow, want 1", got)
	}
	if channel.MetricsRecorder() == nil || channel.Logger() == nil {
		t.Error("there is no recorder of metrics, or no logger")
	}
}
