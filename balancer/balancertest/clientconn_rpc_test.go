package balancertest_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/metadata"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest"
)

// recordingPicker always chooses the same SubConn. It records what RPCs it is asked
// about, and how they end.
type recordingPicker struct {
	sc     balancer.SubConn
	asked  []balancer.PickInfo
	ended  []balancer.DoneInfo
	noDone bool
}

func (p *recordingPicker) Pick(info balancer.PickInfo) (balancer.PickResult, error) {
	p.asked = append(p.asked, info)
	res := balancer.PickResult{SubConn: p.sc, Metadata: metadata.Pairs("k", "v")}
	if !p.noDone {
		res.Done = func(i balancer.DoneInfo) { p.ended = append(p.ended, i) }
	}
	return res, nil
}

// buildRecording returns a channel whose picker records, and the SubConn that the
// picker chooses. It is IDLE.
func buildRecording(t *testing.T) (*balancertest.ClientConn, *recordingPicker, *balancertest.SubConn) {
	t.Helper()
	cc, _, sc := buildCapturing(t)
	picker := &recordingPicker{sc: sc}
	cc.UpdateState(balancer.State{ConnectivityState: connectivity.Ready, Picker: picker})
	return cc, picker, sc
}

func wantEnds(t *testing.T, p *recordingPicker, want ...balancer.DoneInfo) {
	t.Helper()
	if !slices.EqualFunc(p.ended, want, func(a, b balancer.DoneInfo) bool {
		return a.Err == b.Err && a.BytesSent == b.BytesSent && a.BytesReceived == b.BytesReceived &&
			slices.Equal(a.Trailer.Get("load"), b.Trailer.Get("load")) && a.ServerLoad == b.ServerLoad
	}) {
		t.Errorf("the RPCs ended with %+v, want %+v", p.ended, want)
	}
}

func TestRPCsEndAsInGRPC(t *testing.T) {
	t.Parallel()
	cc, picker, sc := buildRecording(t)
	if got, err := cc.RPC(nil); got != nil || !errors.Is(err, balancer.ErrNoSubConnAvailable) {
		t.Errorf("RPC on a SubConn that is not READY = %v, %v, want to be queued", got, err)
	}
	if got, err := cc.Start(balancer.PickInfo{}); got != nil || !errors.Is(err, balancer.ErrNoSubConnAvailable) {
		t.Errorf("attempt on a SubConn that is not READY = %v, %v, want to be queued", got, err)
	}
	sc.Ready()
	refused := errors.New("refused")
	for _, end := range []error{nil, refused} {
		if got, err := cc.RPC(end); got != sc || err != nil {
			t.Errorf("RPC = %v, %v, want %v", got, err, sc)
		}
	}
	wantEnds(t, picker, balancer.DoneInfo{}, balancer.DoneInfo{},
		balancer.DoneInfo{BytesSent: true, BytesReceived: true}, balancer.DoneInfo{Err: refused, BytesSent: true, BytesReceived: true})
}

func TestAnAttemptIsInFlightUntilItEnds(t *testing.T) {
	t.Parallel()
	cc, picker, sc := buildRecording(t)
	sc.Ready()
	a, err := cc.Start(balancer.PickInfo{})
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	if a.SubConn() != sc || !slices.Equal(a.Metadata().Get("k"), []string{"v"}) {
		t.Errorf("attempt on %v with headers %v, want %v and those of the picker", a.SubConn(), a.Metadata(), sc)
	}
	wantEnds(t, picker)
	sc.Idle() // the attempt stays in flight
	answer := balancer.DoneInfo{Err: errors.New("lost"), BytesSent: true, BytesReceived: true, Trailer: metadata.Pairs("load", "half"), ServerLoad: .5}
	a.End(answer)
	wantEnds(t, picker, answer)
}

func TestAnAttemptNeedsNoDone(t *testing.T) {
	t.Parallel()
	cc, picker, sc := buildRecording(t)
	picker.noDone = true
	if _, err := cc.RPC(nil); !errors.Is(err, balancer.ErrNoSubConnAvailable) {
		t.Errorf("RPC on a SubConn that is not READY: error %v, want to be queued", err)
	}
	sc.Ready()
	if got, err := cc.RPC(nil); got != sc || err != nil {
		t.Errorf("RPC = %v, %v, want %v", got, err, sc)
	}
}

func TestPickersSeeTheRPC(t *testing.T) {
	t.Parallel()
	cc, picker, sc := buildRecording(t)
	sc.Ready()
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, "user 7")
	for _, info := range []balancer.PickInfo{{}, {FullMethodName: "/shop.Shop/Order"}, {Ctx: ctx}, {FullMethodName: "/shop.Shop/Order", Ctx: ctx}} {
		if _, err := cc.Start(info); err != nil {
			t.Errorf("Start: %v", err)
		}
	}
	if _, err := cc.Pick(); err != nil {
		t.Errorf("Pick: %v", err)
	}
	want := []balancer.PickInfo{
		{FullMethodName: "/test/Method", Ctx: t.Context()}, {FullMethodName: "/shop.Shop/Order", Ctx: t.Context()},
		{FullMethodName: "/test/Method", Ctx: ctx}, {FullMethodName: "/shop.Shop/Order", Ctx: ctx},
		{FullMethodName: "/test/Method", Ctx: t.Context()},
	}
	if !slices.Equal(picker.asked, want) {
		t.Errorf("the picker was asked about %v, want %v", picker.asked, want)
	}
}

func TestAnAttemptThatGRPCCannotEndSoFailsTheTest(t *testing.T) {
	t.Parallel()
	const unsent = "gRPC cannot get an answer to what it has not sent"
	for name, test := range map[string]struct {
		ends []balancer.DoneInfo
		want string
	}{
		"twice":                      {[]balancer.DoneInfo{{}, {}}, "it has ended already"},
		"received but not sent":      {[]balancer.DoneInfo{{BytesReceived: true}}, unsent},
		"a trailer but not sent":     {[]balancer.DoneInfo{{Trailer: metadata.Pairs("load", "half")}}, unsent},
		"a server load but not sent": {[]balancer.DoneInfo{{ServerLoad: .5}}, unsent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tb := &misuse{TB: t}
			var running sync.WaitGroup
			running.Go(func() {
				cc := balancertest.NewClientConn(tb)
				sc, err := cc.NewSubConn(balancertest.Endpoint("a:1").Addresses, balancer.NewSubConnOptions{})
				if err != nil {
					t.Errorf("NewSubConn: %v", err)
				}
				sc.Connect()
				cc.SubConn("a:1").Ready()
				cc.UpdateState(balancer.State{Picker: fixed{sc}})
				a, err := cc.Start(balancer.PickInfo{})
				if err != nil {
					t.Errorf("Start: %v", err)
					return
				}
				for _, end := range test.ends {
					a.End(end)
				}
			})
			running.Wait()
			if !strings.Contains(tb.message, test.want) {
				t.Errorf("failure %q, want %q", tb.message, test.want)
			}
		})
	}
}
