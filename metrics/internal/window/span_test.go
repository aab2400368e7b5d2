package window_test

import (
	"testing"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/window"
)

// The past must not hide the present: a window begins at the sample nearest to the
// wanted length, and at a much older one only if there is no other.
func TestAWindowBeginsAtTheNearestSample(t *testing.T) {
	t.Parallel()
	const now = time.Hour
	tests := []struct {
		ages        []float64 // of the samples, in seconds
		short, long float64   // spans, in seconds; 0 if the window is not known
	}{
		{[]float64{}, 0, 0},
		{[]float64{0}, 0, 0},
		{[]float64{12, 9}, 9, 12},
		{[]float64{11, 8}, 11, 11},
		{[]float64{15, 1}, 15, 15},
		{[]float64{16, 1}, 1, 16},
		{[]float64{30}, 30, 30},
		{[]float64{31}, 0, 31},
		{[]float64{90, 10}, 10, 90},
		{[]float64{91, 10}, 10, 10},
		{[]float64{180}, 0, 180},
		{[]float64{181}, 0, 0},
	}
	for _, tt := range tests {
		log, id := window.NewLog(0), window.ID{}
		for _, age := range tt.ages {
			s := log.Begin(now - time.Duration(age*float64(time.Second)))
			s.Put(id, window.Counts{}, nil)
			log.Add(s)
		}
		view := log.View(now)
		got := view.Backend(id, window.Counts{}, nil, nil)
		view.Close()
		if short, long := got.Short.Span.Seconds(), got.Long.Span.Seconds(); short != tt.short || long != tt.long {
			t.Errorf("samples of %v: windows of %v and %v seconds, want %v and %v", tt.ages, short, long, tt.short, tt.long)
		}
	}
}
