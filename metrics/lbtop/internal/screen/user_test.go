package screen_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fleet"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/screen"
)

// user is somebody at a terminal.
type user struct {
	t     *testing.T
	mu    sync.Mutex
	model tea.Model // guarded by mu
	cmd   tea.Cmd   // of the last message; guarded by mu
}

func sitDown(t *testing.T, s *source) *user {
	t.Helper()
	u := &user{t: t, model: screen.New(s, nil, fleet.Options{}, 2*time.Second)}
	if got := u.screen(); got != "" {
		t.Errorf("before the size is known it shows %q", got)
	}
	u.get(tea.WindowSizeMsg{Width: 100, Height: 20})
	return u
}

func (u *user) get(msg tea.Msg) tea.Cmd {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.model, u.cmd = u.model.Update(msg)
	return u.cmd
}

// press presses keys: names of keys, or texts, separated by spaces.
func (u *user) press(keys string) {
	special := map[string]tea.Key{
		"tab": {Code: tea.KeyTab}, "shift+tab": {Code: tea.KeyTab, Mod: tea.ModShift}, "esc": {Code: tea.KeyEscape}, "enter": {Code: tea.KeyEnter},
		"down": {Code: tea.KeyDown}, "up": {Code: tea.KeyUp}, "home": {Code: tea.KeyHome}, "end": {Code: tea.KeyEnd},
		"pgdown": {Code: tea.KeyPgDown}, "pgup": {Code: tea.KeyPgUp}, "space": {Code: ' ', Text: " "}, "backspace": {Code: tea.KeyBackspace},
		"ctrl+c": {Code: 'c', Mod: tea.ModCtrl}, "ctrl+u": {Code: 'u', Mod: tea.ModCtrl},
	}
	for name := range strings.FieldsSeq(keys) {
		key, ok := special[name]
		if !ok {
			key = tea.Key{Code: []rune(name)[0], Text: name}
		}
		u.get(tea.KeyPressMsg(key))
	}
}

func (u *user) screen() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return ansi.Strip(u.model.View().Content)
}

func (u *user) sees(what string, texts ...string) {
	u.t.Helper()
	for _, text := range texts {
		if !strings.Contains(u.screen(), text) {
			u.t.Errorf("%s: the screen lacks %q:\n%s", what, text, u.screen())
		}
	}
}

func (u *user) doesNotSee(texts ...string) {
	u.t.Helper()
	for _, text := range texts {
		if strings.Contains(u.screen(), text) {
			u.t.Errorf("the screen has %q:\n%s", text, u.screen())
		}
	}
}

// live lets a program run: its commands, each in a goroutine, and their messages.
func (u *user) live(ctx context.Context) {
	msgs := make(chan tea.Msg)
	run := func(cmd tea.Cmd) {
		if cmd == nil {
			return
		}
		go func() {
			select {
			case msgs <- cmd():
			case <-ctx.Done():
			}
		}()
	}
	run(u.model.Init())
	for {
		select {
		case msg := <-msgs:
			if batch, ok := msg.(tea.BatchMsg); ok {
				for _, cmd := range batch {
					run(cmd)
				}
				continue
			}
			run(u.get(msg))
		case <-ctx.Done():
			return
		}
	}
}
