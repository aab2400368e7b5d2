package grpcinstruments_test

import (
	"fmt"
	"testing"

	estats "google.golang.org/grpc/experimental/stats"

	"github.com/grpc-balancer2/balancer2/metrics/internal/grpcinstruments"
)

// BenchmarkRecord is one record of a counter with three labels, one of them
// optional, and what it costs without the tee. Its scope knows one series or a
// thousand; or it is above the limit.
func BenchmarkRecord(b *testing.B) {
	for _, known := range []int{1, 1000} {
		r := benchmarked(b, known, known)
		b.Run(fmt.Sprintf("%d series", known), func(b *testing.B) { recordInParallel(b, r, known) })
	}
	folded := benchmarked(b, 1, 2)
	b.Run("above the limit", func(b *testing.B) { recordInParallel(b, folded, 1) })
	b.Run("bare", func(b *testing.B) { recordInParallel(b, nowhere, 1) })
}

// benchmarked returns a recorder that has recorded to some series, of which the
// first is asked for.
func benchmarked(b *testing.B, limit, known int) estats.MetricsRecorder {
	set := grpcinstruments.New(grpcinstruments.Config{
		Names: []string{"test.calls"}, OptionalLabels: []string{"test.zone"}, MaxSeries: limit,
	})
	scope := set.NewScope()
	b.Cleanup(scope.Close)
	r := scope.Tee(nowhere)
	for i := range known {
		calls.Record(r, 1, labelsOfSeries(known-1-i)...)
	}
	return r
}

func labelsOfSeries(i int) []string {
	return []string{fmt.Sprintf("dns:///service-%d.example.com:443", i), "europe-west1-b", ""}
}

func recordInParallel(b *testing.B, r estats.MetricsRecorder, series int) {
	var labels [][]string
	for i := range series {
		labels = append(labels, labelsOfSeries(i))
	}
	b.Run("serial", func(b *testing.B) {
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			calls.Record(r, 1, labels[i%series]...)
			i++
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				calls.Record(r, 1, labels[i%series]...)
			}
		})
	})
}
