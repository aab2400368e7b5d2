package latency

import (
	dto "github.com/prometheus/client_model/go"
)

// Write fills in the histogram, as a native one and as a classic one. The caller adds
// the time of its creation.
func (h *Histogram) Write(out *dto.Histogram) {
	var counts [cells]uint64
	sum := h.sum.Load()
	total := uint64(0)
	for i := range counts {
		counts[i] = h.cells[i].Load()
		total += counts[i]
	}
	out.SampleCount = &total
	out.SampleSum = new(float64(sum) / 1e9)
	writeClassic(out, &counts)
	writeNative(out, &counts)
	if e := h.exemplars.Load(); e != nil {
		e.write(out)
	}
}

func writeClassic(out *dto.Histogram, counts *[cells]uint64) {
	buckets := make([]dto.Bucket, len(classic)) // one allocation for all
	cumulative := make([]uint64, len(classic))
	for cell, n := range counts {
		if b := int(bucketOf[cell]); b < len(classic) {
			cumulative[b] += n
		}
	}
	out.Bucket = make([]*dto.Bucket, len(classic), Buckets)
	for i := range buckets {
		if i > 0 {
			cumulative[i] += cumulative[i-1]
		}
		buckets[i].CumulativeCount, buckets[i].UpperBound = &cumulative[i], &classic[i]
		out.Bucket[i] = &buckets[i]
	}
}

// writeNative writes the native buckets, in spans without gaps of more than two empty
// ones, each count as its difference from the one before.
func writeNative(out *dto.Histogram, counts *[cells]uint64) {
	out.Schema = new(int32(schema))
	out.ZeroThreshold = new(zeroThreshold)
	out.ZeroCount = &counts[0]
	const maxGap = 2
	next, last := 0, int64(0) // the key after the last bucket, and that one's count
	for i := range splits {
		n := int64(counts[splits[i].first]) //nolint:gosec // no process counts to 2^63
		if splits[i].isTwo() {
			n += int64(counts[splits[i].first+1]) //nolint:gosec // as above
		}
		if n == 0 {
			continue
		}
		key := firstKey + i
		gap := key - next
		if spans := len(out.PositiveSpan); spans == 0 || gap > maxGap {
			out.PositiveSpan = append(out.PositiveSpan, &dto.BucketSpan{Offset: new(int32(gap)), Length: new(uint32)}) //nolint:gosec // a key
		} else {
			for range gap {
				out.PositiveDelta = append(out.PositiveDelta, -last)
				*out.PositiveSpan[spans-1].Length++
				last = 0
			}
		}
		out.PositiveDelta = append(out.PositiveDelta, n-last)
		*out.PositiveSpan[len(out.PositiveSpan)-1].Length++
		next, last = key+1, n
	}
}
