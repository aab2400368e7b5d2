// Package series makes Prometheus's series of records. It knows nothing of what the
// records hold.
//
// A [Table] describes the metrics that each record of one kind has, one [Metric] a row.
// A scrape reads each record with it:
//
//	samples := table.NewSamples(number of records, series.ForSend)
//	for each record r, in the order of its labels {
//		samples.Begin(creation time of r, label pairs of r)
//		table.Read(r, samples)
//	}
//	samples.Send(ch)
//
// A gatherer takes ForGather and Gather in place of ForSend and Send.
//
// # Cost
//
// A scrape of many records allocates little for each: all samples of a metric are in
// one allocation, and so are thousands of label pairs. They lie in the order in which
// the text is written, which then takes half as long. Records keep no label pairs.
//
// # Ownership
//
// Samples share their label pairs, values and creation times, also where a gatherer
// returns them, so nobody may change them. A slice of pairs is sorted by name and has no
// spare capacity: a wrapping registerer appends to it and sorts the result in place.
//
// The package has no lock. A Table never changes, and a Samples belongs to one scrape.
package series
