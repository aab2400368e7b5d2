package livepage_test

import (
	"slices"
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage/pagetest"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// Whatever the zone of the program is.
func TestTimesOnThePageAreUTC(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("east", 3*60*60)
	page := livepage.New(func() livestatus.Snapshot {
		read := func() livestatus.Status {
			return livestatus.Status{Events: []livestatus.Event{{At: hourAgo.In(zone), Kind: livestatus.InstanceBuilt}}}
		}
		return livestatus.Snapshot{Time: now.In(zone), Targets: []livestatus.Target{{Read: read}}}
	})
	var times []string
	for _, n := range pagetest.HTML(t, page, "") {
		if n.Tag == "time" {
			times = append(times, n.Attrs["datetime"], n.Attrs["title"])
		}
	}
	want := []string{"2000-01-01T01:00:00Z", "2000-01-01 01:00:00 UTC", "2000-01-01T00:00:00Z", "2000-01-01 00:00:00 UTC"}
	if !slices.Equal(times, want) {
		t.Errorf("times %q, want %q", times, want)
	}
}
