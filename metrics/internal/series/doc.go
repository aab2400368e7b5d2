// Package series makes Prometheus's series of records. It knows nothing of what the
// records hold.
//
// A [Table] describes the metrics that each record of one kind has, one [Metric] a row.
// A scrape reads each record with it:
//
//	var samples series.Samples
//	for each record r {
//		samples.Reset(labels of r, creation time of r)
//		table.Read(r, &samples)
//		samples.Send(ch)
//	}
//
// A histogram outlives the scrape: its record keeps it. A [HistogramMaker] of the table
// makes it, unless the record has a [HistogramSource].
//
// Samples share the label pairs of their record. A slice of pairs must be sorted by
// name and have no spare capacity: a wrapping registerer appends to it and sorts the
// result in place.
//
// The package has no lock. A Table never changes, and a Samples belongs to one scrape.
package series
