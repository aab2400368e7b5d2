package roundrobin2

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/balancer"
)

// named is a SubConn with a name, which is all that these tests need.
type named struct {
	balancer.SubConn
	name string
}

// roster has all endpoints that have been READY, in the order of their places, as
// base2 keeps them.
type roster []*named

// become returns the SubConns with the given names, as the READY ones, and their
// places. New names get the next places.
func (r *roster) become(names string) (ready []balancer.SubConn, places []int) {
	want := strings.Fields(names)
	for _, name := range want {
		if !slices.ContainsFunc(*r, func(n *named) bool { return n.name == name }) {
			*r = append(*r, &named{name: name})
		}
	}
	for i, conn := range *r {
		if slices.Contains(want, conn.name) {
			ready, places = append(ready, conn), append(places, i+1)
		}
	}
	return ready, places
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
	start := pick(t, pb.last, 1) // random
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
			pb, r := rotationOf(t)
			pick(t, pb.last, test.before)
			var p balancer.Picker
			for ready := range strings.SplitSeq(test.ready, ",") {
				p = pb.BuildList(r.become(ready))
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

// An endpoint that loses its connection more often than its turn comes still gets
// its share. Here C reconnects before every second pick.
func TestAnEndpointThatFlapsGetsItsTurn(t *testing.T) {
	t.Parallel()
	pb, r := rotationOf(t)
	got := map[string]int{}
	for range 100 {
		pb.BuildList(r.become("A B"))
		p := pb.BuildList(r.become("A B C"))
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
		pb, r := &pickerBuilder{}, &roster{}
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
			p := pb.BuildList(r.become(strings.Join(ready, " ")))
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
		if pb.last != nil {
			checkRound(t, pb)
		}
	})
}

// checkRound checks that a round has each SubConn once, in the order of the places.
func checkRound(t *testing.T, pb *pickerBuilder) {
	var places []int
	for range pb.places {
		res, err := pb.last.Pick(balancer.PickInfo{})
		if err != nil {
			t.Fatalf("pick: %v", err)
		}
		places = append(places, pb.places[slices.Index(pb.last.conns, res.SubConn)])
	}
	falls := 0
	for i := 1; i < len(places); i++ {
		if places[i] <= places[i-1] {
			falls++
		}
	}
	if slices.Sort(places); falls > 1 || !slices.Equal(places, pb.places) {
		t.Errorf("a round is %v, want a rotation of %v", places, pb.places)
	}
}
