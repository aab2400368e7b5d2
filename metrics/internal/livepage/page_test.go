package livepage_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage/pagetest"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

func TestPageReadsOnlyTheTargetsItShows(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"":                             "test:///one/p test:///two/p test:///two/q",
		"target=test:///one":           "test:///one/p",
		"policy=p":                     "test:///one/p test:///two/p",
		"target=test:///two&policy=q":  "test:///two/q",
		"q=o1&state=ready":             "test:///one/p test:///two/p test:///two/q",
		"target=test:///one&page=9":    "test:///one/p",
		"sort=x":                       "",
		"target=test:///three":         "",
		"policy=r":                     "",
		"target=test:///one&policy=q":  "",
		"target=test:///one&no=such":   "",
		"target=test:///one&page=zero": "",
	} {
		for _, format := range []string{"", "&format=json"} {
			b := quads()
			w := pagetest.Request(t, b.page(), http.MethodGet, query+format)
			if got := strings.Join(b.reads, " "); got != want {
				t.Errorf("%s%s: read %q, want %q", query, format, got, want)
			}
			if wantCode := map[bool]int{true: http.StatusBadRequest, false: http.StatusOK}[want == ""]; w.Code != wantCode {
				t.Errorf("%s%s: status %d, want %d", query, format, w.Code, wantCode)
			}
		}
	}
}

// The sums over a target's backends include those that are not shown.
func TestPageSumsUpAllBackendsOfATarget(t *testing.T) {
	t.Parallel()
	b := &board{}
	one := []livestatus.Backend{
		backend("o1", ready, codes.OK), backend("o2", ready, codes.OK, codes.NotFound), refused("o3", errors.New("refused")),
		backend("o4", ready), backend("o5", ready),
	}
	one[0].Recent, one[1].Recent, one[3].Recent = traffic(10, 0), traffic(15, 0), traffic(5, 3)
	one[4].Recent = traffic(0, 0)
	b.add("test:///one", "p", livestatus.Status{Backends: one, Recent: traffic(30, 3)})
	page := b.page()
	want := map[string]string{
		"target": "test:///one", "policy": "p", "channels": "no channel", "severity": "bad",
		"summary": "1 of 5 backends down for 1 h (o3); 60 % errors from o4; 1 of 5 backends gets no picks though usable (o5)",
		"RPS":     "30 1 min: 30", "Success": "90 % 1 min: 90 %", "p99 latency": "–", "Usable": "4 of 5", "Waiting": "0",
		"READY": "4 of 5", "Picks": "3", "Delayed": "0", "Failed": "0", "Folded": "0", "Imbalance": "2.00",
	}
	for _, query := range []string{
		"target=test:///one", "target=test:///one&q=o3", "target=test:///one&state=transient_failure",
		"target=test:///one&per_page=1&page=2", "target=test:///one&page=9", "target=test:///one&q=nothing",
	} {
		if diff := cmp.Diff([]map[string]string{want}, pagetest.Targets(t, pagetest.HTML(t, page, query))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	row := pagetest.Rows(t, pagetest.HTML(t, page, "target=test:///one&q=o2"), "list")[0]
	if row[0] != "o2" || row[6] != "50.0 %" {
		t.Errorf("row %q, want o2 with 50.0 %%", row)
	}
	var asJSON struct {
		Targets []struct {
			Backends, Ready, Picks int
			BackendsReady          int `json:"backends_ready"`
			Imbalance              float64
		}
		Backends []struct{ Share float64 }
	}
	w := pagetest.Request(t, page, http.MethodGet, "target=test:///one&q=o2&format=json")
	if err := json.Unmarshal(w.Body.Bytes(), &asJSON); err != nil {
		t.Fatal(err)
	}
	if got := asJSON.Targets[0]; got.Backends != 5 || got.BackendsReady != 4 || got.Picks != 3 || got.Imbalance != 2 {
		t.Errorf("JSON has target %+v, want 5 backends, 4 READY, 3 picks, imbalance 2", got)
	}
	if got := asJSON.Backends[0].Share; got != 2.0/3 {
		t.Errorf("JSON has share %v, want 2/3", got)
	}
}

func TestTimesInJSONAreUTC(t *testing.T) {
	t.Parallel()
	elsewhere := time.FixedZone("elsewhere", 5*60*60)
	at := func(at time.Time) time.Time { return at.In(elsewhere) }
	b := refused("a", nil)
	b.Since, b.LastErrorAt = at(hourAgo), at(hourAgo.Add(time.Minute))
	st := livestatus.Status{Backends: []livestatus.Backend{b}, Instances: []livestatus.Instance{{State: ready, Since: at(hourAgo.Add(time.Second))}}}
	page := livepage.New(func() livestatus.Snapshot {
		target := livestatus.Target{Key: livestatus.Key{Target: "t", Policy: "p"}, Read: func() livestatus.Status { return st }}
		return livestatus.Snapshot{Time: at(now), Targets: []livestatus.Target{target}}
	})
	body := pagetest.Request(t, page, http.MethodGet, "format=json").Body.String()
	for _, want := range []string{
		`"time":"2000-01-01T01:00:00Z"`, `"policy_instances":[{"state":"READY","since":"2000-01-01T00:00:01Z"}]`,
		`"since":"2000-01-01T00:00:00Z"`, `"last_connection_error_at":"2000-01-01T00:01:00Z"`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("JSON lacks %s: %s", want, body)
		}
	}
}

func TestPageWithoutATarget(t *testing.T) {
	t.Parallel()
	b := &board{}
	_, overview := pagetest.Find(t, pagetest.HTML(t, b.page(), ""), "id", "overview")
	for _, want := range []string{"No channel with an instrumented policy has been made yet.", "stays for 1m00s"} {
		if got := pagetest.TextOf(overview); !strings.Contains(got, want) {
			t.Errorf("the page says %q, want %q", got, want)
		}
	}
	const want = `{"version":1,"time":"2000-01-01T01:00:00Z","targets":[],"matched":0,"backends":[]}` + "\n"
	if got := pagetest.Request(t, b.page(), http.MethodGet, "format=json").Body.String(); got != want {
		t.Errorf("JSON is %s, want %s", got, want)
	}
}

func TestJSONListsTheCodesThatOccurredByName(t *testing.T) {
	t.Parallel()
	b := &board{}
	b.list("test:///t", "p", backend("a", ready, codes.Unavailable, codes.OK, codes.NotFound, codes.OK), backend("b", ready))
	body := pagetest.Request(t, b.page(), http.MethodGet, "format=json").Body.String()
	for _, want := range []string{`"rpcs":{"NOT_FOUND":1,"OK":2,"UNAVAILABLE":1}`, `"rpcs":{}`} {
		if !strings.Contains(body, want) {
			t.Errorf("JSON lacks %s: %s", want, body)
		}
	}
}

func TestPageGroupsInstancesByState(t *testing.T) {
	t.Parallel()
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	b := &board{}
	b.add("test:///t", "p", livestatus.Status{Instances: []livestatus.Instance{
		{State: ready, Since: ago(time.Second)}, {State: failure, Since: ago(time.Minute)}, {State: ready, Since: ago(time.Hour)},
	}})
	const want = "READY × 2 1h00m TRANSIENT_FAILURE 1m00s"
	if got := pagetest.Targets(t, pagetest.HTML(t, b.page(), ""))[0]["channels"]; got != want {
		t.Errorf("channels %q, want %q", got, want)
	}
	channels := pagetest.JSON(t, b.page(), "").Targets[0].PolicyInstances
	if !slices.IsSortedFunc(channels, func(a, b pagetest.Channel) int { return a.Since.Compare(b.Since) }) {
		t.Errorf("channels %v in JSON, want the oldest state first", channels)
	}
}

func TestABackendIsInTheBestStateOfItsSubchannels(t *testing.T) {
	t.Parallel()
	worstFirst := []connectivity.State{failure, idle, connecting, ready}
	for i, better := range worstFirst {
		for _, worse := range worstFirst[:i] {
			for _, order := range [][]connectivity.State{{worse, better}, {better, worse}} {
				var b livestatus.Backend
				for minutes, state := range order {
					b.AddSubchannel(state, "", hourAgo.Add(time.Duration(minutes)*time.Minute))
				}
				since := hourAgo.Add(time.Duration(slices.Index(order, better)) * time.Minute)
				if b.Subchannels != 2 || b.State != better || !b.Since.Equal(since) {
					t.Errorf("%v: %v since %v, want %v since %v", order, b.State, b.Since, better, since)
				}
			}
		}
	}
	var b livestatus.Backend
	for _, minutes := range []int{2, 1, 3} {
		b.AddSubchannel(ready, "", hourAgo.Add(time.Duration(minutes)*time.Minute))
	}
	if want := hourAgo.Add(time.Minute); !b.Since.Equal(want) {
		t.Errorf("three are READY since %v, want %v, since the first is", b.Since, want)
	}
}

// A state gets its symbol and color from its style class.
func TestEveryStateHasAClassInTheStyleSheet(t *testing.T) {
	t.Parallel()
	b := &board{}
	b.list("test:///t", "p", backend("a", ready), backend("b", connecting), refused("d", nil), gone(backend("e", ready)))
	body := pagetest.Request(t, b.page(), http.MethodGet, "").Body.String()
	for _, class := range []string{"ready", "connecting", "down", "none"} {
		if !strings.Contains(body, `<span class="is `+class+`">`) || !strings.Contains(body, "."+class+".is::before {") {
			t.Errorf("the class %s is not both used and in the style sheet", class)
		}
	}
}
