package view_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/charmbracelet/x/ansi"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/poll"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/view"
)

// hostile returns a client that tries to change the terminal with each of its texts.
func hostile() poll.Client {
	const evil = "\x1b[2J\x1b]0;evil\x07\r\n\t\u202e\u200b\x9b31m\xff"
	p := newPage(evil)
	b := down(evil, 0)
	b.LastError, b.LastUnusableReason, b.LastUnusableError = evil, evil, evil
	p.has(b, 1, 0.5)
	s := sick("b" + evil)
	s.LastUnusableReason, s.LastUnusableAt = evil, now
	p.has(s, 1, 0).saw(0, evil, evil, evil)
	p.Targets[0].Policy, p.Targets[0].Summary = evil, evil
	for i := range p.Backends {
		p.Backends[i].Policy = evil
	}
	return p.client("c" + evil)
}

var styles = regexp.MustCompile(`\x1b\[[0-9;]*m`)

func TestTextsCannotChangeTheTerminal(t *testing.T) {
	t.Parallel()
	for _, clients := range [][]poll.Client{{hostile()}, {hostile(), hostile()}} {
		f := merge(clients)
		all := view.Print(f, 0, now)
		for _, m := range []view.Mode{view.Backends, view.Clients, view.Events} {
			all = append(all, view.Screen(f, view.State{Width: 500, Height: 20, Mode: m}, now)...)
			all = append(all, view.Screen(f, view.State{Width: 30, Height: 20, Mode: m, Filter: "\x1b[2J"}, now)...)
			all = append(all, view.Screen(f, view.State{Width: 30, Height: 20, Mode: m, Filter: "\x1b[2J", Typing: true}, now)...)
		}
		shown := 0
		for _, l := range all {
			shown += strings.Count(l.Plain(), `\x1b[2J`)
			for _, s := range []string{l.Plain(), ansi.Strip(l.Styled())} {
				if i := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
					t.Errorf("%q has a control character", s)
				}
			}
			if styles.ReplaceAllString(l.Styled(), "") != ansi.Strip(l.Styled()) {
				t.Errorf("%q has another sequence than a style", l.Styled())
			}
		}
		if shown == 0 {
			t.Error("nothing was shown escaped")
		}
	}
}

// Colours may be missing: the terminal has none, or NO_COLOR is set.
func TestStylesAddNothingToTheText(t *testing.T) {
	t.Parallel()
	styled := 0
	for _, m := range []view.Mode{view.Backends, view.Clients, view.Events, view.Help} {
		for _, l := range view.Screen(merge(incident()), view.State{Width: 200, Height: 30, Mode: m}, now) {
			if got := strings.TrimRight(ansi.Strip(l.Styled()), " "); got != l.Plain() {
				t.Errorf("styled %q, plain %q", got, l.Plain())
			}
			if l.Styled() != l.Plain() {
				styled++
			}
		}
	}
	if styled == 0 {
		t.Error("no line has a style")
	}
}
