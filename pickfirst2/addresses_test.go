package pickfirst2

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/experimental/balancer/weight"
	"google.golang.org/grpc/resolver"
)

func TestAddressList(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		endpoints string // separated by "|", their addresses by spaces
		want      string
	}{
		{name: "none", endpoints: "", want: ""},
		{name: "flattened in order", endpoints: "a:1 b:1 | c:1", want: "a:1 b:1 c:1"},
		{name: "duplicate within an endpoint", endpoints: "a:1 b:1 a:1", want: "a:1 b:1"},
		{name: "duplicate across endpoints", endpoints: "a:1 b:1 | b:1 | c:1 a:1", want: "a:1 b:1 c:1"},
		{name: "one family stays in order", endpoints: "10.0.0.2:1 | 10.0.0.1:1", want: "10.0.0.2:1 10.0.0.1:1"},
		{
			name:      "IPv6 first",
			endpoints: "[::1]:1 [::2]:1 10.0.0.1:1 10.0.0.2:1 10.0.0.3:1",
			want:      "[::1]:1 10.0.0.1:1 [::2]:1 10.0.0.2:1 10.0.0.3:1",
		},
		{name: "IPv4 first", endpoints: "10.0.0.1:1 10.0.0.2:1 | [::1]:1", want: "10.0.0.1:1 [::1]:1 10.0.0.2:1"},
		{
			name:      "names are a third family",
			endpoints: "host:1 10.0.0.1:1 10.0.0.2:1 other:1 [::1]:1",
			want:      "host:1 10.0.0.1:1 [::1]:1 other:1 10.0.0.2:1",
		},
		{name: "mapped IPv4 is IPv4", endpoints: "[::ffff:10.0.0.1]:1 10.0.0.2:1 [::1]:1", want: "[::ffff:10.0.0.1]:1 [::1]:1 10.0.0.2:1"},
		{name: "zones are IPv6", endpoints: "[fe80::1%eth0]:1 [::1]:1 10.0.0.1:1", want: "[fe80::1%eth0]:1 10.0.0.1:1 [::1]:1"},
		{name: "a path and a bare IP are names", endpoints: "/run/sock 10.0.0.1 10.0.0.2:1", want: "/run/sock 10.0.0.2:1 10.0.0.1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := addrsOf(addressList(parseEndpoints(test.endpoints))); got != test.want {
				t.Errorf("addressList(%s) = %s, want %s", test.endpoints, got, test.want)
			}
		})
	}
}

func TestAddressesAreTheSameIfTheirSubConnsAre(t *testing.T) {
	t.Parallel()
	base := resolver.Address{Addr: "a:1", ServerName: "name", Attributes: attributes.New("k", "v")}
	tests := []struct {
		name   string
		change func(*resolver.Address)
		same   bool
	}{
		{"nothing", func(*resolver.Address) {}, true},
		{"BalancerAttributes", func(a *resolver.Address) { a.BalancerAttributes = attributes.New("x", 1) }, true},
		{"equal Attributes", func(a *resolver.Address) { a.Attributes = attributes.New("k", "v") }, true},
		{"Addr", func(a *resolver.Address) { a.Addr = "a:2" }, false},
		{"ServerName", func(a *resolver.Address) { a.ServerName = "other" }, false},
		{"Attributes", func(a *resolver.Address) { a.Attributes = attributes.New("k", "w") }, false},
		{"no Attributes", func(a *resolver.Address) { a.Attributes = nil }, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			changed := base
			test.change(&changed)
			if _, found := newAddressIndex([]resolver.Address{base}).find(changed); found != test.same {
				t.Errorf("in a list of one: found = %v, want %v", found, test.same)
			}
			at, found := newAddressIndex([]resolver.Address{{Addr: "z:1"}, base}).find(changed)
			if found != test.same || found && at != 1 {
				t.Errorf("in a list of two: found at %d = %v, want at 1: %v", at, found, test.same)
			}
			if got, want := len(distinct([]resolver.Address{base, changed})), map[bool]int{true: 1, false: 2}[test.same]; got != want {
				t.Errorf("distinct left %d of the two, want %d", got, want)
			}
		})
	}
}

func TestOnlyAddresses(t *testing.T) {
	t.Parallel()
	s := resolver.State{Addresses: []resolver.Address{{Addr: "a:1"}, {Addr: "b:1"}}}
	if got := addrsOf(addressList(endpointsToTry(s))); got != "a:1 b:1" {
		t.Errorf("with Addresses only, the list is %q, want a:1 b:1", got)
	}
	s.Endpoints = parseEndpoints("c:1")
	if got := addrsOf(addressList(endpointsToTry(s))); got != "c:1" {
		t.Errorf("with Endpoints too, the list is %q, want c:1", got)
	}
}

func TestShuffleMovesWholeEndpoints(t *testing.T) {
	t.Parallel()
	endpoints := parseEndpoints("a:1 a:2 | b:1 b:2 | c:1 c:2")
	draws := []float64{0.2, 0.9, 0.5}
	got := addrsOf(flatten(shuffled(endpoints, func() float64 {
		d := draws[0]
		draws = draws[1:]
		return d
	})))
	if want := "b:1 b:2 c:1 c:2 a:1 a:2"; got != want {
		t.Errorf("shuffled = %s, want %s", got, want)
	}
	if was := addrsOf(flatten(endpoints)); was != "a:1 a:2 b:1 b:2 c:1 c:2" {
		t.Errorf("shuffled changed its argument to %s", was)
	}
}

// The key is u^(1/weight), which grows with the draw u and with the weight.
func TestShuffleFavoursWeight(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		weights []uint32 // of a, b, …; 0 stands for no weight
		draws   []float64
		want    string
	}{
		{"equal draws", []uint32{2, 10, 0}, []float64{0.5, 0.5, 0.5}, "b a c"},
		{"no weight is 1, behind a 1", []uint32{1, 0}, []float64{0.5, 0.5}, "a b"},
		{"no weight is 1, in front of a 1", []uint32{0, 1}, []float64{0.5, 0.5}, "a b"},
		{"no weight is less than 2", []uint32{0, 2}, []float64{0.6, 0.5}, "b a"}, // √0.5 is 0.71
		{"1 is less than 2", []uint32{1, 2}, []float64{0.6, 0.5}, "b a"},
		{"a larger draw", []uint32{0, 2}, []float64{0.8, 0.5}, "a b"},
		{"a draw of 0 comes last", []uint32{1 << 31, 0, 3}, []float64{0, 0.1, 0.2}, "c b a"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var endpoints []resolver.Endpoint
			for i, w := range test.weights {
				e := resolver.Endpoint{Addresses: scriptAddresses([]string{string(rune('a' + i))})}
				if w > 0 {
					e = weight.Set(e, weight.EndpointInfo{Weight: w})
				}
				endpoints = append(endpoints, e)
			}
			draws := test.draws
			got := addrsOf(flatten(shuffled(endpoints, func() float64 {
				d := draws[0]
				draws = draws[1:]
				return d
			})))
			if got != test.want {
				t.Errorf("shuffled = %s, want %s", got, test.want)
			}
		})
	}
}

func FuzzAddressList(f *testing.F) {
	for _, seed := range []string{"", "a:1", "10.0.0.1:1 [::1]:1 | host:1", "a:1 a:1 | a:1", "[::1 | ]:1 | :", "[::ffff:1.2.3.4]:5 1.2.3.4:5"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		endpoints := parseEndpoints(text)
		in, out := flatten(endpoints), addressList(endpoints)
		count := map[string]int{}
		for _, a := range out {
			count[a.Addr]++
		}
		for _, a := range in {
			if count[a.Addr] != 1 {
				t.Errorf("addressList(%q) has %q %d times, want once", text, a.Addr, count[a.Addr])
			}
		}
		var families [3]int
		for i, a := range out {
			if !slices.ContainsFunc(in, func(b resolver.Address) bool { return b.Addr == a.Addr }) {
				t.Errorf("addressList(%q) has %q, which is not in its argument", text, a.Addr)
			}
			families[familyOf(a.Addr)]++
			if i == 0 && a.Addr != in[0].Addr {
				t.Errorf("addressList(%q) begins with %q, want %q", text, a.Addr, in[0].Addr)
			}
			checkBalance(t, text, out[i+1:], families)
		}
	})
}

// checkBalance checks that no family is more than one address ahead of a family that
// has addresses left.
func checkBalance(t *testing.T, text string, rest []resolver.Address, used [3]int) {
	for _, a := range rest {
		for f, n := range used {
			if n > used[familyOf(a.Addr)]+1 {
				t.Errorf("addressList(%q) used family %d %d times before %q", text, f, n, a.Addr)
			}
		}
	}
}

func parseEndpoints(text string) []resolver.Endpoint {
	var endpoints []resolver.Endpoint
	for part := range strings.SplitSeq(text, "|") {
		if fields := strings.Fields(part); len(fields) > 0 {
			endpoints = append(endpoints, resolver.Endpoint{Addresses: scriptAddresses(fields)})
		}
	}
	return endpoints
}

func addrsOf(addrs []resolver.Address) string {
	var names []string
	for _, a := range addrs {
		names = append(names, a.Addr)
	}
	return strings.Join(names, " ")
}
