package roundrobin2

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/balancer"
)

// named is a SubConn of which only the identity counts.
type named struct {
	balancer.SubConn
	name string
}

// roster is the list of READY SubConns, kept as base2 keeps it.
type roster []balancer.SubConn

// become changes the list to these names: those that stay keep their order, new
// ones are appended.
func (r *roster) become(names string) []balancer.SubConn {
	want := strings.Fields(names)
	next := roster{}
	for _, conn := range *r {
		if i := slices.Index(want, conn.(*named).name); i >= 0 {
			next = append(next, conn)
			want = slices.Delete(want, i, i+1)
		}
	}
	for _, name := range want {
		next = append(next, &named{name: name})
	}
	*r = next
	return next
}

func pick(t testing.TB, p balancer.Picker, n int) string {
	t.Helper()
	var names []string
	for range n {
		res, err := p.Pick(balancer.PickInfo{})
		if err != nil {
			t.Fatalf("pick: %v", err)
		}
		names = append(names, res.SubConn.(*named).name)
	}
	return strings.Join(names, " ")
}

// rotationOf returns a builder whose rotation is A B C, with A's turn next.
func rotationOf(t *testing.T) (*pickerBuilder, *roster) {
	t.Helper()
	pb, r := &pickerBuilder{}, &roster{}
	for _, names := range []string{"A", "A B", "A B C"} {
		pb.BuildList(r.become(names))
	}
	start := pick(t, pb.last, 1) // which is random
	pick(t, pb.last, map[string]int{"A": 2, "B": 1}[start])
	if got := pick(t, pb.last, 3); got != "A B C" {
		t.Fatalf("rotation %q, want A B C", got)
	}
	return pb, r
}

func TestTheRotationSurvivesChanges(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		before int    // picks before the change
		ready  string // after it
		want   string
	}{
		{name: "nothing changes", before: 1, ready: "A B C", want: "B C A B"},
		{name: "one joins", before: 1, ready: "A B C D", want: "B C D A B"},
		{name: "one joins at the end of a round", before: 3, ready: "A B C D", want: "A B C D A"},
		{name: "the one before the turn leaves", before: 1, ready: "B C", want: "B C B"},
		{name: "the one whose turn it is leaves", before: 1, ready: "A C", want: "C A C"},
		{name: "the one after the turn leaves", before: 1, ready: "A B", want: "B A B"},
		{name: "the last one, whose turn it is, leaves", before: 2, ready: "A B", want: "A B A"},
		{name: "the last one, whose turn it is, is replaced", before: 2, ready: "A B D", want: "D A B D"},
		{name: "all are replaced", before: 2, ready: "D", want: "D D"},
		{name: "only one stays", before: 5, ready: "B", want: "B B"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			pb, r := rotationOf(t)
			pick(t, pb.last, test.before)
			p := pb.BuildList(r.become(test.ready))
			if got := pick(t, p, len(strings.Fields(test.want))); got != test.want {
				t.Errorf("after %d picks and a change to %q: %s, want %s", test.before, test.ready, got, test.want)
			}
		})
	}
}

// Endpoints become READY one after the other, before anybody picks.
func TestTheFirstTurnIsRandom(t *testing.T) {
	t.Parallel()
	first := map[string]int{}
	for range 400 {
		pb, r := &pickerBuilder{}, &roster{}
		for _, names := range []string{"A", "A B", "A B C", "A B C D"} {
			pb.BuildList(r.become(names))
		}
		first[pick(t, pb.last, 1)]++
	}
	for _, name := range []string{"A", "B", "C", "D"} { // 100 expected; 50 is over five standard deviations away
		if first[name] < 50 {
			t.Errorf("%s was first %d times in 400, want about 100", name, first[name])
		}
	}
}

// FuzzRotation checks, for any sequence of READY sets and picks between them,
// that each round goes over exactly the READY ones, and that those that stay
// keep their order.
func FuzzRotation(f *testing.F) {
	for _, seed := range []string{"\x07", "\x07\x17\x05", "\xff\x81\xf0", "\x01\x23\x47\x8f\x00\x12"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, steps []byte) {
		pb, r := &pickerBuilder{}, &roster{}
		var before []string
		for _, step := range steps {
			var ready []string
			for i := range 4 {
				if step&(1<<i) != 0 {
					ready = append(ready, fmt.Sprint(i))
				}
			}
			if len(ready) == 0 {
				continue
			}
			p := pb.BuildList(r.become(strings.Join(ready, " ")))
			round := strings.Fields(pick(t, p, len(ready)))
			checkRound(t, before, round, ready)
			pick(t, p, int(step>>4))
			before = strings.Fields(pick(t, p, len(ready)))
		}
	})
}

// checkRound takes a round before a change and the one after it.
func checkRound(t *testing.T, before, after, ready []string) {
	if sorted := slices.Sorted(slices.Values(after)); !slices.Equal(sorted, ready) {
		t.Fatalf("a round is %v, want each of %v once", after, ready)
	}
	stayed := slices.DeleteFunc(slices.Clone(before), func(n string) bool { return !slices.Contains(after, n) })
	kept := slices.DeleteFunc(slices.Clone(after), func(n string) bool { return !slices.Contains(before, n) })
	if twice := slices.Repeat(stayed, 2); !strings.Contains(strings.Join(twice, " "), strings.Join(kept, " ")) {
		t.Errorf("order was %v and is %v", before, after)
	}
}
