// Package screen shows a fleet in a terminal. Package view renders it; this package
// has the keys, and asks for what is new.
package screen

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fleet"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/poll"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/view"
)

// gather is how long to wait for the answers of other clients after the first, so
// that many clients are merged once and not once each.
const gather = 100 * time.Millisecond

// Source is where the clients come from. [poll.Poller] is one.
type Source interface {
	Clients() []poll.Client
	Changed() <-chan struct{}
}

// Model is the program of the terminal.
type Model struct {
	source  Source
	done    <-chan struct{}
	options fleet.Options
	fleet   *fleet.Fleet
	state   view.State
	now     time.Time
}

// New returns a model. Its commands end when done is closed.
func New(source Source, done <-chan struct{}, o fleet.Options, interval time.Duration) Model {
	now := time.Now()
	return Model{
		source: source, done: done, options: o, now: now,
		fleet: fleet.New(source.Clients(), o, now),
		state: view.State{Interval: interval},
	}
}

type (
	changed struct{ fleet *fleet.Fleet } // the clients have answered
	merged  struct{ fleet *fleet.Fleet } // the options have changed
	second  struct{ now time.Time }      // ages are older
)

// Init implements [tea.Model].
func (m Model) Init() tea.Cmd { return tea.Batch(m.wait, tick()) }

// wait waits for answers and merges them, while the screen goes on.
func (m Model) wait() tea.Msg {
	select {
	case <-m.source.Changed():
	case <-m.done:
		return nil
	}
	timer := time.NewTimer(gather)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-m.done:
		return nil
	}
	return changed{m.merge()}
}

func (m Model) merge() *fleet.Fleet { return fleet.New(m.source.Clients(), m.options, time.Now()) }

func tick() tea.Cmd {
	return tea.Tick(time.Second, func(now time.Time) tea.Msg { return second{now} })
}

// Update implements [tea.Model].
func (m Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case changed:
		return m.show(msg.fleet), m.wait
	case merged:
		return m.show(msg.fleet), nil
	case second:
		m.now = msg.now
		return m, tick()
	case tea.WindowSizeMsg:
		m.state.Width, m.state.Height = msg.Width, msg.Height
	case tea.PasteMsg:
		if m.state.Typing {
			m.state.Filter += msg.Content
		}
	case tea.KeyPressMsg:
		return m.press(msg)
	}
	return m, nil
}

// show shows the fleet, unless it was merged before the user chose another window.
func (m Model) show(f *fleet.Fleet) Model {
	m.now = time.Now()
	if f.Window == m.options.Window {
		m.fleet = f
	}
	return m
}

// View implements [tea.Model].
func (m Model) View() tea.View {
	v := tea.View{AltScreen: true, WindowTitle: "lbtop"}
	if m.state.Width > 0 && m.state.Height > 0 {
		lines := view.Screen(m.fleet, m.state, m.now)
		styled := make([]string, len(lines))
		for i, l := range lines {
			styled[i] = l.Styled()
		}
		v.Content = strings.Join(styled, "\n")
	}
	return v
}
