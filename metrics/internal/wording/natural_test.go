package wording_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/grpc-balancer2/balancer2/metrics/internal/wording"
)

func TestAddressesAreInTheOrderOfTheirNumbers(t *testing.T) {
	t.Parallel()
	sorted := strings.Fields(`
		10.0.0.2:443 10.0.0.2:8080 10.0.0.2:50051 10.0.0.10:443 10.0.1.1:443 10.0.10.1:443 10.10.0.1:443
		192.168.0.1 [2001:db8::1]:443 [2001:db8::9]:443 [2001:db8::10]:443
		a a0 a01b a1 a1a a2 a10 a10b ab member2.etcd.local member10.etcd.local
		p-00000000000000000000000000000000000000002 p-18446744073709551616 p-18446744073709551617 p-a`)
	for i, a := range sorted {
		for j, b := range sorted {
			if got, want := wording.CompareNatural(a, b), sign(i-j); got != want {
				t.Errorf("%s and %s compare as %d, want %d", a, b, got, want)
			}
		}
	}
}

func sign(n int) int { return min(max(n, -1), 1) }

// The order is total, so that a page has each backend once.
func FuzzNaturalOrder(f *testing.F) {
	f.Add("10.0.0.2", "10.0.0.10", "10.0.0.010")
	f.Add("a1", "a01", "a001b")
	f.Add("1", "", "-1")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		compare := wording.CompareNatural
		if compare(a, b) != -compare(b, a) || (compare(a, b) == 0) != (a == b) {
			t.Errorf("%q and %q compare as %d and %d", a, b, compare(a, b), compare(b, a))
		}
		list := []string{a, b, c}
		slices.SortFunc(list, compare)
		if compare(list[0], list[2]) > 0 {
			t.Errorf("%q are not in order", list)
		}
	})
}
