package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fetch"
)

// together is how far apart in time the clients may notice one event.
const together = 5 * time.Second

// Event is something that changed, for one client or for many at about one time.
type Event struct {
	At      time.Time // the last time
	Times   int       // how often, at all clients together
	Clients []string  // each once, the last first
	Key
	Kind    string
	Backend string
	Text    string
}

func newEvent(in *fetch.Event, k Key, client string, t ages) Event {
	return Event{
		At: t.local(in.At), Times: max(in.N, 1), Clients: []string{client}, Key: k,
		Kind: in.Kind, Backend: in.Backend, Text: detail(in),
	}
}

// detail returns what happened, besides the kind and the backend.
func detail(in *fetch.Event) string {
	if in.Kind != "resolver_update" {
		return in.Text
	}
	parts := []string{fmt.Sprintf("%d %s", in.Endpoints, plural(in.Endpoints, "endpoint"))}
	parts = append(parts, changes("+", in.Added, in.AddedCount)...)
	parts = append(parts, changes("-", in.Removed, in.RemovedCount)...)
	return strings.Join(parts, " ")
}

// changes names the first few of n endpoints, each with a sign.
func changes(sign string, names []string, n int) []string {
	const most = 3
	shown := names[:min(len(names), most)]
	parts := make([]string, 0, len(shown)+1)
	for _, name := range shown {
		parts = append(parts, sign+name)
	}
	if more := n - len(shown); more > 0 {
		parts = append(parts, fmt.Sprintf("%s%d more", sign, more))
	}
	return parts
}

// mergeEvents puts the newest first, and makes one of those that are the same but
// for the client and a few seconds.
func mergeEvents(events []Event) []Event {
	slices.SortStableFunc(events, func(a, b Event) int {
		return cmp.Or(b.At.Compare(a.At), a.compare(b.Key), strings.Compare(a.Kind, b.Kind), Natural(a.Backend, b.Backend))
	})
	type what struct {
		Key
		kind, backend, text string
	}
	last := make(map[what]int) // index of the event in merged
	var merged []Event
	for _, e := range events {
		w := what{e.Key, e.Kind, e.Backend, e.Text}
		if i, ok := last[w]; ok && merged[i].At.Sub(e.At) <= together {
			merged[i].again(e)
			continue
		}
		last[w] = len(merged)
		merged = append(merged, e)
	}
	return merged
}

// again adds the same event from before.
func (e *Event) again(before Event) {
	e.Times += before.Times
	if !slices.Contains(e.Clients, before.Clients[0]) {
		e.Clients = append(e.Clients, before.Clients[0])
	}
}
