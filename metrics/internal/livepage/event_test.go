package livepage_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage/pagetest"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

func TestThePageTellsWhatJustChanged(t *testing.T) {
	t.Parallel()
	tests := []struct {
		event livestatus.Event
		want  string
	}{
		{livestatus.Event{Kind: livestatus.Connected, Backend: "a:1"}, "a:1 connected"},
		{livestatus.Event{Kind: livestatus.Lost, Backend: "a:1"}, "a:1 lost its connection"},
		{livestatus.Event{Kind: livestatus.Lost, Backend: "a:1", Text: "EOF"}, "a:1 lost its connection: EOF"},
		{livestatus.Event{Kind: livestatus.Lost, Text: "EOF"}, "(no name) lost its connection: EOF"},
		{livestatus.Event{Kind: livestatus.ConnectFailed, Backend: "a:1", Text: "refused", N: 9}, "a:1 cannot be reached: refused (× 9)"},
		{livestatus.Event{Kind: livestatus.Usable, Backend: "a:1"}, "a:1 is usable again"},
		{livestatus.Event{Kind: livestatus.Unusable, Backend: "a:1", Text: "unhealthy: NOT_SERVING"}, "a:1 gets no picks: unhealthy: NOT_SERVING"},
		{livestatus.Event{Kind: livestatus.Folded, Backend: "a:1"}, "a:1 is above the limit and counted as “other”"},
		{livestatus.Event{Kind: livestatus.ResolverUpdate, Endpoints: 1}, "the resolver sent 1 endpoint"},
		{
			livestatus.Event{Kind: livestatus.ResolverUpdate, Endpoints: 3, Added: []string{"a:1"}, AddedCount: 1, Removed: []string{"b:1", "c:1"}, RemovedCount: 2},
			"the resolver sent 3 endpoints; new: a:1; gone: b:1, c:1",
		},
		{
			livestatus.Event{Kind: livestatus.ResolverUpdate, Endpoints: 1200, Added: strings.Fields("a b c d e"), AddedCount: 1190},
			"the resolver sent 1,200 endpoints; new: a, b, c and 1,187 more",
		},
		{livestatus.Event{Kind: livestatus.ResolverUpdate, Endpoints: 7, AddedCount: 7}, "the resolver sent 7 endpoints; new: 7"},
		{livestatus.Event{Kind: livestatus.ResolverError, Text: "no such host"}, "the resolver failed: no such host"},
		{livestatus.Event{Kind: livestatus.UpdateRejected, Text: "no address"}, "the policy rejected the resolver's update: no address"},
		{livestatus.Event{Kind: livestatus.InstanceBuilt}, "a channel got a policy instance"},
		{livestatus.Event{Kind: livestatus.InstanceClosed}, "a channel closed its policy instance"},
		{livestatus.Event{Kind: livestatus.InstanceState, Text: "READY"}, "the channel became READY"},
		{livestatus.Event{Kind: "rained", Text: "cats"}, "rained: cats"},
		{livestatus.Event{Kind: livestatus.Lost, Backend: "a\u202eb", Text: "<b>\x00"}, `a\u202eb lost its connection: <b>\x00`},
	}
	for _, tt := range tests {
		tt.event.At = now.Add(-12 * time.Second)
		b := &board{}
		b.add("test:///t", "p", livestatus.Status{Events: []livestatus.Event{tt.event}})
		if got, want := pagetest.Targets(t, pagetest.HTML(t, b.page(), ""))[0]["changes"], "12s ago "+tt.want; got != want {
			t.Errorf("%+v is told as %q, want %q", tt.event, got, want)
		}
	}
}

// A few are shown at once, the newest first, and the rest after a click.
func TestThePageShowsTheLastEventsFirst(t *testing.T) {
	t.Parallel()
	b := &board{}
	b.add("test:///t", "p", incident(3, after))
	html := pagetest.HTML(t, b.page(), "")
	const want = "1m15s ago 10.0.0.7:50051 connected " +
		"1m20s ago 10.0.0.7:50051 cannot be reached: dial tcp 10.0.0.7:50051: connect: connection refused (× 9) " +
		"4m12s ago 10.0.0.7:50051 lost its connection: connection reset by peer"
	const earlier = "1h00m ago 10.0.0.7:50051 connected 1h00m ago the channel became READY " +
		"1h00m ago the resolver sent 3 endpoints; new: 10.0.0.7:50051, 10.0.0.8:50051, 10.0.0.9:50051"
	got := pagetest.Targets(t, html)[0]
	if diff := cmp.Diff([]string{want, earlier}, []string{got["changes"], got["earlier"]}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	b.add("test:///sick", "p", incident(3, during))
	all := pagetest.Targets(t, pagetest.HTML(t, b.page(), ""))
	if all[0]["target"] != "test:///sick" || !strings.HasSuffix(all[0]["changes"], "lost its connection: connection reset by peer") || !strings.HasPrefix(all[0]["earlier"], "1h00m ago") {
		t.Errorf("beside others, a target in trouble comes first with its last two events; got %q", all[0])
	}
	if all[1]["changes"] != "" || !strings.HasPrefix(all[1]["earlier"], "1m15s ago 10.0.0.7:50051 connected") {
		t.Errorf("beside others, a target that is well shows its events after a click; got %q", all[1])
	}
}
