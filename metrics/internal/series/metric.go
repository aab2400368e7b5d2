package series

import dto "github.com/prometheus/client_model/go"

// Metric is a row of a [Table]. It is made by [Counter], [Gauge], [Histograms] or one
// of their variants.
type Metric[R any] struct {
	family
	read func(R, *Samples) // adds the samples of one record
}

// Counter returns a counter with one series for each record.
func Counter[R any](name, help string, value func(R) uint64) Metric[R] {
	return CounterBy(Label{}, name, help, func(r R, s *Samples) { s.add(float64(value(r))) })
}

// RareCounter returns a counter that has no series while it is 0.
func RareCounter[R any](name, help string, value func(R) uint64) Metric[R] {
	return CounterBy(Label{}, name, help, func(r R, s *Samples) {
		if n := value(r); n > 0 {
			s.add(float64(n))
		}
	})
}

// Gauge returns a gauge with one series for each record.
func Gauge[R any](name, help string, value func(R) int64) Metric[R] {
	return GaugeBy(Label{}, name, help, func(r R, s *Samples) { s.add(float64(value(r))) })
}

// Histograms returns a metric whose histograms read adds, at most one for each record.
func Histograms[R any](name, help string, read func(R, *Samples)) Metric[R] {
	return HistogramsBy(Label{}, name, help, read)
}

// CounterBy returns a counter with an extra label. read adds the samples of one record.
func CounterBy[R any](by Label, name, help string, read func(R, *Samples)) Metric[R] {
	return newMetric(dto.MetricType_COUNTER, by, name, help, read)
}

// GaugeBy returns a gauge with an extra label. read adds the samples of one record.
func GaugeBy[R any](by Label, name, help string, read func(R, *Samples)) Metric[R] {
	return newMetric(dto.MetricType_GAUGE, by, name, help, read)
}

// HistogramsBy returns histograms with an extra label. read adds those of one record.
func HistogramsBy[R any](by Label, name, help string, read func(R, *Samples)) Metric[R] {
	return newMetric(dto.MetricType_HISTOGRAM, by, name, help, read)
}

func newMetric[R any](kind dto.MetricType, by Label, name, help string, read func(R, *Samples)) Metric[R] {
	return Metric[R]{family: family{kind: kind, extra: by, name: name, help: help}, read: read}
}
