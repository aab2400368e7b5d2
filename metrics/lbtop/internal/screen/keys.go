package screen

import (
	"math"

	tea "charm.land/bubbletea/v2"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fleet"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/view"
)

// press returns the model after a key was pressed.
func (m Model) press(key tea.KeyPressMsg) (tea.Model, tea.Cmd) {
	if key.String() == "ctrl+c" {
		return m, tea.Quit
	}
	if m.state.Typing {
		m.typed(key)
		return m, nil
	}
	switch key.String() {
	case "q":
		return m, tea.Quit
	case "w":
		m.options.Window = fleet.Long - m.options.Window
		return m, func() tea.Msg { return merged{m.merge()} }
	case "s":
		m.state.Order, m.state.Offset = m.state.Order.Next(), 0
	case "/":
		m.state.Typing = true
	case "tab":
		m.state = m.state.NextTarget(m.fleet, 1)
	case "shift+tab":
		m.state = m.state.NextTarget(m.fleet, -1)
	case "c":
		m.state = m.state.Show(view.Clients)
	case "e":
		m.state = m.state.Show(view.Events)
	case "?":
		m.state = m.state.Show(view.Help)
	case "esc":
		m.state = m.state.Show(view.Backends)
		m.state.Filter = ""
	default:
		m.state = m.state.Scroll(m.fleet, m.rows(key.String()), m.now)
	}
	return m, nil
}

// rows returns how far a key scrolls, and 0 if it does not.
func (m Model) rows(key string) int {
	switch key {
	case "down", "j":
		return 1
	case "up", "k":
		return -1
	case "pgdown", "space", "ctrl+f":
		return m.state.Page(m.fleet, m.now)
	case "pgup", "ctrl+b":
		return -m.state.Page(m.fleet, m.now)
	case "home", "g":
		return -math.MaxInt32
	case "end", "G", "shift+g":
		return math.MaxInt32
	}
	return 0
}

// typed handles a key while the filter is being typed.
func (m *Model) typed(key tea.KeyPressMsg) {
	m.state.Offset = 0
	switch key.String() {
	case "enter":
		m.state.Typing = false
	case "esc":
		m.state.Typing, m.state.Filter = false, ""
	case "backspace":
		if r := []rune(m.state.Filter); len(r) > 0 {
			m.state.Filter = string(r[:len(r)-1])
		}
	case "ctrl+u":
		m.state.Filter = ""
	default:
		m.state.Filter += key.Text
	}
}
