package latency

import (
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// exemplars has the last exemplar of each classic bucket.
type exemplars [Buckets]atomic.Pointer[dto.Exemplar]

// ObserveWith counts a duration with an exemplar of these labels. If Prometheus would
// refuse the labels, the duration counts without an exemplar, and ObserveWith returns an
// error.
func (h *Histogram) ObserveWith(labels prometheus.Labels, d time.Duration) error {
	d = max(d, 0)
	bucket := bucketOf[h.observe(d)]
	e, err := newExemplar(labels, d)
	if err != nil {
		return err
	}
	if h.exemplars.Load() == nil {
		h.exemplars.CompareAndSwap(nil, new(exemplars))
	}
	h.exemplars.Load()[bucket].Store(e)
	return nil
}

// newExemplar applies the rules of Prometheus.
func newExemplar(labels prometheus.Labels, d time.Duration) (*dto.Exemplar, error) {
	e := &dto.Exemplar{Value: new(d.Seconds()), Timestamp: timestamppb.Now()}
	runes := 0
	for name, value := range labels {
		switch {
		case name == "", !utf8.ValidString(name), strings.HasPrefix(name, "__"):
			return nil, fmt.Errorf("exemplar label name %q is invalid", name)
		case !utf8.ValidString(value):
			return nil, fmt.Errorf("exemplar label value %q is not valid UTF-8", value)
		}
		runes += utf8.RuneCountInString(name) + utf8.RuneCountInString(value)
		e.Label = append(e.Label, &dto.LabelPair{Name: &name, Value: &value})
	}
	if runes > prometheus.ExemplarMaxRunes {
		return nil, fmt.Errorf("exemplar labels have %d runes, exceeding the limit of %d", runes, prometheus.ExemplarMaxRunes)
	}
	return e, nil
}

// write adds the exemplars to the classic buckets, and to the native histogram, where
// they are in no bucket.
func (all *exemplars) write(out *dto.Histogram) {
	for i := range all {
		e := all[i].Load()
		if e == nil {
			continue
		}
		if i == len(classic) { // a bucket without bound is written only if it has an exemplar
			out.Bucket = append(out.Bucket, &dto.Bucket{CumulativeCount: out.SampleCount, UpperBound: new(math.Inf(1))})
		}
		out.Bucket[i].Exemplar = e
		out.Exemplars = append(out.Exemplars, e)
	}
}
