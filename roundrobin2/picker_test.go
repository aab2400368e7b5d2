package roundrobin2

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/balancer"

	"github.com/grpc-balancer2/balancer2/balancer/base2"
)

// named is a SubConn with a name, which is all that these tests need.
type named struct {
	balancer.SubConn
	name string
}

// roster has all endpoints that have been READY, in the order of their places, as
// base2 keeps them.
type roster []ready

// become returns the endpoints with the given names, as the READY ones. New names get
// the next places.
func (r *roster) become(names string) (now []ready) {
	want := strings.Fields(names)
	for _, name := range want {
		if !slices.ContainsFunc(*r, func(e ready) bool { return nameOf(e) == name }) {
			*r = append(*r, ready{SubConn: &named{name: name}, Endpoint: &base2.Endpoint[struct{}]{Place: len(*r) + 1}})
		}
	}
	for _, e := range *r {
		if slices.Contains(want, nameOf(e)) {
			now = append(now, e)
		}
	}
	return now
}

func nameOf(e ready) string { return e.SubConn.(*named).name }

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

// rotationOf returns a rotation of A B C, with A's turn next.
func rotationOf(t *testing.T) (*rotation, *roster) {
	t.Helper()
	rot, r := &rotation{}, &roster{}
	for _, names := range []string{"A", "A B", "A B C"} {
		rot.newPicker(r.become(names))
	}
	start := pick(t, rot.last, 1) // random
	pick(t, rot.last, map[string]int{"A": 2, "B": 1}[start])
	if got := pick(t, rot.last, 3); got != "A B C" {
		t.Fatalf("rotation %q, want A B C", got)
	}
	return rot, r
}

func TestTheRotationSurvivesChanges(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		before int    // picks before the change
		ready  string // the READY endpoints after it; a comma separates changes
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
		{name: "one comes back", before: 1, ready: "B C, A B C", want: "B C A B"},
		{name: "one comes back behind the turn", before: 2, ready: "A C, A B C", want: "C A B C"},
		{name: "one comes back whose turn it was", before: 1, ready: "A C, A B C", want: "B C A B"},
		{name: "the last one, whose turn it was, comes back", before: 2, ready: "A B, A B C", want: "C A B C"},
		{name: "all come back", before: 1, ready: "C, A C, A B C", want: "B C A B"},
		{name: "nothing changes, twice", before: 1, ready: "A B C, A B C", want: "B C A B"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			rot, r := rotationOf(t)
			pick(t, rot.last, test.before)
			var p balancer.Picker
			for ready := range strings.SplitSeq(test.ready, ",") {
				p = rot.newPicker(r.become(ready))
			}
			if got := pick(t, p, len(strings.Fields(test.want))); got != test.want {
				t.Errorf("after %d picks and a change to %q: %s, want %s", test.before, test.ready, got, test.want)
			}
		})
	}
}

// Endpoints become READY one after the other, before the first pick.
func TestTheFirstTurnIsRandom(t *testing.T) {
	t.Parallel()
	first := map[string]int{}
	for range 400 {
		rot, r := &rotation{}, &roster{}
		for _, names := range []string{"A", "A B", "A B C", "A B C D"} {
			rot.newPicker(r.become(names))
		}
		first[pick(t, rot.last, 1)]++
	}
	for _, name := range []string{"A", "B", "C", "D"} { // 100 expected; 50 is over five standard deviations away
		if first[name] < 50 {
			t.Errorf("%s was first %d times in 400, want about 100", name, first[name])
		}
	}
}

// An endpoint that loses its connection more often than its turn comes still gets
// its share. Here C reconnects before every second pick.
func TestAnEndpointThatFlapsGetsItsTurn(t *testing.T) {
	t.Parallel()
	rot, r := rotationOf(t)
	got := map[string]int{}
	for range 100 {
		rot.newPicker(r.become("A B"))
		p := rot.newPicker(r.become("A B C"))
		for name := range strings.FieldsSeq(pick(t, p, 2)) {
			got[name]++
		}
	}
	for _, name := range []string{"A", "B", "C"} {
		if got[name] < 66 {
			t.Errorf("%s got %d of 200 picks, want a third", name, got[name])
		}
	}
}

// FuzzRotation runs sequences of READY sets and picks. It checks that each round
// visits exactly the READY endpoints, in the order of their places, and that no
// endpoint is picked twice while another one stays READY and is not picked.
func FuzzRotation(f *testing.F) {
	for _, seed := range []string{"\x07", "\x07\x17\x05", "\xff\x81\xf0", "\x01\x23\x47\x8f\x00\x12"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, steps []byte) {
		rot, r := &rotation{}, &roster{}
		since := map[string][]string{} // the picks since each READY endpoint's last, or since it became READY
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
			p := rot.newPicker(r.become(strings.Join(ready, " ")))
			for name := range since {
				if !slices.Contains(ready, name) {
					delete(since, name)
				}
			}
			for range step >> 4 {
				picked := pick(t, p, 1)
				for _, name := range ready {
					if slices.Contains(since[name], picked) && name != picked {
						t.Fatalf("%s was picked twice while %s was READY and was not", picked, name)
					}
					since[name] = append(since[name], picked)
				}
				since[picked] = nil
			}
		}
		if rot.last != nil {
			checkRound(t, rot)
		}
	})
}

// checkRound checks that a round has each endpoint once, in the order of the places.
func checkRound(t *testing.T, rot *rotation) {
	var want, got []int
	for _, e := range rot.last.endpoints {
		want = append(want, e.Endpoint.Place)
	}
	for range want {
		res, err := rot.last.Pick(balancer.PickInfo{})
		if err != nil {
			t.Fatalf("pick: %v", err)
		}
		at := slices.IndexFunc(rot.last.endpoints, func(e ready) bool { return e.SubConn == res.SubConn })
		got = append(got, want[at])
	}
	falls := 0
	for i := 1; i < len(got); i++ {
		if got[i] <= got[i-1] {
			falls++
		}
	}
	if slices.Sort(got); falls > 1 || !slices.Equal(got, want) {
		t.Errorf("a round is %v, want a rotation of %v", got, want)
	}
}
