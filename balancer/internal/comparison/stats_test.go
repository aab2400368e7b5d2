package comparison_test

import (
	"math"
	"slices"
	"testing"
)

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// interval returns a 95 % confidence interval of the median. Its ends are two of the
// values. It assumes nothing about their distribution. With fewer than 6 values it
// returns the lowest and the highest.
func interval(values []float64) (low, high float64) {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return sorted[outside(n)], sorted[n-1-outside(n)]
}

// outside returns how many of n sorted values lie outside the interval at each end.
// The probability that the median is beyond one end is at most 1 in 40.
func outside(n int) int {
	ways, sum := 1.0, 0.0 // n choose k, and the sum over k
	for k := range n {
		sum += ways
		if sum > 0.025*math.Exp2(float64(n)) {
			return max(k-1, 0)
		}
		ways *= float64(n-k) / float64(k+1)
	}
	return 0
}

func TestMedianAndInterval(t *testing.T) {
	t.Parallel()
	tests := []struct {
		values            []float64
		median, low, high float64
	}{
		{[]float64{3}, 3, 3, 3},
		{[]float64{3, 1}, 2, 1, 3},
		{[]float64{5, 1, 2, 4, 3}, 3, 1, 5},
		{[]float64{6, 1, 2, 3, 4, 5}, 3.5, 1, 6},
		{[]float64{9, 8, 7, 6, 5, 4, 3, 2, 1}, 5, 2, 8},
		{[]float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 6.5, 3, 10},
	}
	for _, tt := range tests {
		low, high := interval(tt.values)
		if m := median(tt.values); m != tt.median || low != tt.low || high != tt.high {
			t.Errorf("%v: median %v in [%v, %v], want %v in [%v, %v]", tt.values, m, low, high, tt.median, tt.low, tt.high)
		}
	}
}
