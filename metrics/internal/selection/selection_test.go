package selection_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus"
	"github.com/grpc-balancer2/balancer2/metrics/internal/livestatus/statustest"
	"github.com/grpc-balancer2/balancer2/metrics/internal/selection"
)

// names returns the backends that the query shows of a target.
func names(t *testing.T, query string, backends ...livestatus.Backend) []string {
	t.Helper()
	q, err := selection.Parse(query)
	if err != nil {
		t.Fatal(err)
	}
	target := livestatus.Target{
		Key:  livestatus.Key{Target: "test:///t", Policy: "p"},
		Read: func() livestatus.Status { return statustest.Open(slices.Clone(backends)...) },
	}
	page, err := selection.New(t.Context(), q, livestatus.Snapshot{Time: statustest.Now, Retention: time.Minute, Targets: []livestatus.Target{target}})
	if err != nil {
		t.Fatal(err)
	}
	defer page.Release()
	names := make([]string, len(page.Shown))
	for i, r := range page.Shown {
		names[i] = r.Name
	}
	return names
}

// Each page of a sorted list follows the one before, whatever the order of the
// source.
func TestPagesOfTheWorstFollowOneAnother(t *testing.T) {
	t.Parallel()
	backends := statustest.Ward()
	for _, column := range selection.Columns {
		for _, dir := range []string{selection.Ascending, selection.Descending} {
			sort := fmt.Sprintf("sort=%s&dir=%s", column.Name, dir)
			want := names(t, sort+"&format=json", backends...)
			if len(want) != len(backends) {
				t.Fatalf("%s: %d backends, want %d", sort, len(want), len(backends))
			}
			for _, size := range []int{1, 3, 7, 39, 40} {
				rand.Shuffle(len(backends), func(i, j int) { backends[i], backends[j] = backends[j], backends[i] })
				var got []string
				for page := range (len(backends) + size - 1) / size {
					got = append(got, names(t, fmt.Sprintf("%s&per_page=%d&page=%d", sort, size, page+1), backends...)...)
				}
				if !slices.Equal(got, want) {
					t.Fatalf("%s, %d per page: %v, want %v", sort, size, got, want)
				}
			}
		}
	}
}

// Backends that are equal in the column are sorted by name, the numbers in it by value.
// Both directions are of the column alone.
func TestEqualBackendsAreSortedByName(t *testing.T) {
	t.Parallel()
	want := names(t, "sort=backend&dir=asc", statustest.Even(40)...)
	if want[1] != "10.0.0.2" || want[39] != "10.0.0.40" {
		t.Errorf("sorted by name: %v", want)
	}
	for _, column := range selection.Columns {
		for _, dir := range []string{selection.Ascending, selection.Descending} {
			backends := statustest.Even(40)
			rand.Shuffle(len(backends), func(i, j int) { backends[i], backends[j] = backends[j], backends[i] })
			got := names(t, fmt.Sprintf("sort=%s&dir=%s", column.Name, dir), backends...)
			if column.Name == "backend" || column.Name == "target" {
				continue // no two are equal
			}
			if !slices.Equal(got, want) {
				t.Errorf("sort=%s&dir=%s of equal backends: %v", column.Name, dir, got)
			}
		}
	}
}
