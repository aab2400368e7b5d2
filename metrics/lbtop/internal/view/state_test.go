package view_test

import (
	"strings"
	"testing"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fleet"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/view"
)

func TestScrollingEndsAtTheEnds(t *testing.T) {
	t.Parallel()
	f := merge(crowd())
	s := view.State{Width: 120, Height: 24}
	page := s.Page(f, now)
	for _, step := range []struct{ by, want int }{{-1, 0}, {5, 5}, {-2, 3}, {page, 3 + page}, {1 << 30, 200 - page}, {1, 200 - page}, {-1, 199 - page}, {-1 << 30, 0}} {
		if s = s.Scroll(f, step.by, now); s.Offset != step.want {
			t.Errorf("after %d: offset %d, want %d", step.by, s.Offset, step.want)
		}
	}
	s.Offset = 1000 // the list was longer before
	if s = s.Scroll(f, -1, now); s.Offset != 199-page {
		t.Errorf("offset %d, want %d", s.Offset, 199-page)
	}
}

func TestTargetsFollowEachOther(t *testing.T) {
	t.Parallel()
	f := merge(incident())
	s := view.State{Offset: 3}
	for _, step := range []struct {
		by   int
		want string
	}{{1, orders}, {1, greeter}, {-1, orders}, {-1, greeter}} {
		if s = s.NextTarget(f, step.by); s.Target.Target != step.want || s.Offset != 0 {
			t.Errorf("after %d: %+v, want %s", step.by, s, step.want)
		}
	}
	if none := (view.State{}).NextTarget(merge(nil), 1); none != (view.State{}) {
		t.Errorf("without targets: %+v", none)
	}
}

// The order of targets changes with what is wrong. The chosen one stays chosen.
func TestChosenTargetStaysWhenTheOrderChanges(t *testing.T) {
	t.Parallel()
	s := view.State{Width: 100, Height: 20, Target: fleet.Key{Target: orders, Policy: robin}}
	for _, f := range []*fleet.Fleet{merge(incident()), merge(incident()[:1])} {
		chosen := ""
		for _, l := range view.Screen(f, s, now) {
			if strings.HasPrefix(l.Plain(), "> ") {
				chosen = l.Plain()
			}
		}
		if !strings.HasPrefix(chosen, "> "+orders) {
			t.Errorf("chosen is %q", chosen)
		}
	}
}

func TestKeyOfAModeLeavesItToo(t *testing.T) {
	t.Parallel()
	s := view.State{Offset: 7}.Show(view.Events)
	if s.Mode != view.Events || s.Offset != 0 {
		t.Errorf("got %+v", s)
	}
	if s = s.Show(view.Clients); s.Mode != view.Clients {
		t.Errorf("got %+v", s)
	}
	if s = s.Show(view.Clients); s.Mode != view.Backends {
		t.Errorf("got %+v", s)
	}
}

func TestScreenFitsAnyTerminal(t *testing.T) {
	t.Parallel()
	for height := range 12 {
		for _, width := range []int{1, 2, 10} {
			for _, m := range []view.Mode{view.Backends, view.Clients, view.Events, view.Help} {
				s := view.State{Width: width, Height: height, Mode: m, Offset: 3}
				if n := len(view.Screen(merge(incident()), s, now)); n > max(height, 1) {
					t.Errorf("%d lines in a terminal of %d", n, height)
				}
			}
		}
	}
}
