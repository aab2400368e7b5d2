package screen_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fetch"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fleet"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/poll"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/screen"
)

// source is what the clients are said to be.
type source struct {
	mu      sync.Mutex
	clients []poll.Client // guarded by mu
	changed chan struct{}
}

func newSource() *source { return &source{changed: make(chan struct{}, 1)} }

func (s *source) Clients() []poll.Client {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clients
}

func (s *source) Changed() <-chan struct{} { return s.changed }

func (s *source) set(clients ...poll.Client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clients = clients
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// client returns a client with two targets, of which a has many backends.
func client(name string) poll.Client {
	now := time.Now()
	p := &fetch.Page{Version: 1, Time: now}
	for _, target := range []string{"a", "b"} {
		p.Targets = append(p.Targets, fetch.Target{
			Target: target, Policy: "p", Summary: "well " + target,
			Recent: fetch.Recent{Short: &fetch.Window{RPS: 10}, Long: &fetch.Window{RPS: 70}},
			Events: []fetch.Event{{At: now, Kind: "connected", Backend: target + "1"}},
		})
	}
	for i := range 26 {
		p.Backends = append(p.Backends, fetch.Backend{Target: "a", Policy: "p", Backend: "a" + string(rune('a'+i)), Condition: "ok", Subchannels: 1, Usable: 1})
	}
	return poll.Client{Name: name, Page: p, At: now}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	s := newSource()
	s.set(client("host:1"))
	for keys, want := range map[string][]string{
		"":                  {"host:1", "> a p", "well a", "aa ", "by worst"},
		"tab":               {"> b p", "well b", "no backends"},
		"tab tab":           {"> a p"},
		"shift+tab":         {"> b p"},
		"s":                 {"by name"},
		"s s s s s s s":     {"by worst"},
		"c":                 {"CLIENT", "host:1"},
		"c c":               {"BACKEND"},
		"c esc":             {"BACKEND"},
		"e":                 {"EVENT", "connected"},
		"e c":               {"CANNOT USE"},
		"?":                 {"Keys"},
		"? ?":               {"BACKEND"},
		"? down down":       {"3–20 of"},
		"j":                 {"2–14 of 26"},
		"down down up":      {"2–14 of 26"},
		"j j k":             {"2–14 of 26"},
		"pgdown":            {"14–26 of 26"},
		"space":             {"14–26 of 26"},
		"pgdown pgup":       {"1–13 of 26"},
		"end":               {"14–26 of 26"},
		"G g":               {"1–13 of 26"},
		"end home":          {"1–13 of 26"},
		"end s":             {"1–13 of 26"},
		"/ a z":             {"filter: az_", "az "},
		"/ a z enter":       {`filter "az"`, "az ", "q quit"},
		"/ a z backspace":   {"filter: a_"},
		"/ backspace":       {"filter: _"},
		"/ a z ctrl+u":      {"filter: _", "aa "},
		"/ a z esc":         {"1–13 of 26"},
		"/ a z enter esc":   {"1–13 of 26"},
		"/ s c q tab enter": {`no backend matches "scq"`, "> a p"},
		"/ space a":         {"filter:  a_"},
		"/ a z enter / x":   {"filter: azx_"},
		"x":                 {"BACKEND"},
	} {
		u := sitDown(t, s)
		u.press(keys)
		u.sees(keys, want...)
	}
}

func TestFilterIsPasted(t *testing.T) {
	t.Parallel()
	s := newSource()
	s.set(client("host:1"))
	u := sitDown(t, s)
	u.get(tea.PasteMsg{Content: "az"})
	u.doesNotSee("az_")
	u.press("/")
	u.get(tea.PasteMsg{Content: "az"})
	u.sees("paste", "filter: az_")
}

func TestQuitKeys(t *testing.T) {
	t.Parallel()
	for keys, quits := range map[string]bool{"q": true, "ctrl+c": true, "/ ctrl+c": true, "/ q": false, "x": false, "c q": true} {
		u := sitDown(t, newSource())
		u.press(keys)
		if got := u.cmd != nil && u.cmd() == (tea.QuitMsg{}); got != quits {
			t.Errorf("%s quits: %v, want %v", keys, got, quits)
		}
	}
}

func TestWindowKeyMergesAgain(t *testing.T) {
	t.Parallel()
	s := newSource()
	s.set(client("host:1"))
	u := sitDown(t, s)
	u.sees("at first", "10 RPS", "rates of 10s")
	u.press("w")
	long := u.cmd()
	u.get(long)
	u.sees("after w", "70 RPS", "rates of 1m")
	u.press("w")
	u.get(u.cmd())
	u.get(long) // merged before the user went back
	u.sees("after w w", "10 RPS", "rates of 10s")
}

func TestScreenShowsAnswersWhenTheyCome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := newSource()
		s.clients = []poll.Client{{Name: "host:1"}, {Name: "host:2"}}
		u := &user{t: t, model: screen.New(s, ctx.Done(), fleet.Options{}, 2*time.Second)}
		u.get(tea.WindowSizeMsg{Width: 100, Height: 20})
		go u.live(ctx)
		wait := func(d time.Duration) {
			time.Sleep(d)
			synctest.Wait()
		}
		wait(10 * time.Second)
		u.sees("at first", "0 of 2 clients answer", "waiting for the first answer")
		refused := poll.Client{Name: "host:2", Err: errors.New("refused"), Since: time.Now()}
		s.set(client("host:1"), refused)
		wait(50 * time.Millisecond)
		u.sees("while others may answer too", "0 of 2 clients answer")
		wait(50 * time.Millisecond)
		u.sees("then", "1 of 2 clients answer", "client host:2 fails for 0s: refused")
		wait(time.Minute)
		u.sees("a minute later", "client host:2 fails for 1m00s: refused")
		s.set(client("host:1"), client("host:2"))
		wait(time.Second)
		u.sees("at last", "2 of 2 clients answer")
		u.press("e")
		u.sees("both connected", "2 clients")
		cancel()
		wait(time.Second) // the last tick
	})
}
