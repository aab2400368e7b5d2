package livepage_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livepage/pagetest"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
)

// Programs rely on the JSON, so each field and each kind has its place in the
// README.
func TestREADMEDocumentsTheJSON(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "## The live page's JSON")
	section, _, _ = strings.Cut(section, "\n## ")
	everything := refused("a", errors.New("refused"))
	everything = failingRPCs(everything)
	everything.Recent = busy("a", 1).Recent
	everything.DownSince, everything.UpSince, everything.FailedAttempts, everything.Early = hourAgo, hourAgo, 1, 1
	everything.Unusable, everything.RPCs[codes.OK] = map[string]int{"unhealthy": 1}, 1
	everything.Verdict = livestatus.Verdict{Reason: "unhealthy", Err: errors.New("NOT_SERVING"), At: hourAgo}
	b := &board{}
	b.add("t", "p", livestatus.Status{
		Instances: []livestatus.Instance{{State: ready, Since: hourAgo}}, Backends: []livestatus.Backend{everything}, Recent: everything.Recent,
		History: history(1, before), Events: []livestatus.Event{{
			Kind: livestatus.ResolverUpdate, N: 2, First: hourAgo, Backend: "a", Text: "x", Endpoints: 1, Added: []string{"a"}, AddedCount: 1, Removed: []string{"b"}, RemovedCount: 1,
		}},
	})
	var page any
	if err := json.Unmarshal(pagetest.Request(t, b.page(), http.MethodGet, "format=json&page=1").Body.Bytes(), &page); err != nil {
		t.Fatal(err)
	}
	values := []string{"OK", "INTERNAL", "unhealthy"} // of labels, by which some numbers are listed
	for _, name := range fields(page) {
		if !strings.Contains(section, "`"+name+"`") && !slices.Contains(values, name) {
			t.Errorf("the README does not document %s", name)
		}
	}
	for _, kind := range []livestatus.EventKind{
		livestatus.Connected, livestatus.Lost, livestatus.ConnectFailed, livestatus.Usable, livestatus.Unusable, livestatus.ResolverUpdate, livestatus.ResolverError,
		livestatus.UpdateRejected, livestatus.InstanceBuilt, livestatus.InstanceClosed, livestatus.InstanceState, livestatus.Folded,
	} {
		if !strings.Contains(section, "`"+string(kind)+"`") {
			t.Errorf("the README does not document the kind %s", kind)
		}
	}
}

// fields returns the names of all fields in a JSON value.
func fields(v any) []string {
	var names []string
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			names = append(append(names, name), fields(value)...)
		}
	case []any:
		for _, value := range v {
			names = append(names, fields(value)...)
		}
	}
	return names
}
