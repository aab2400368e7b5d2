// Package window tells what the backends of a target did lately, from samples of
// counts that only grow.
//
//	log := window.NewLog(birth)
//	if s := log.Begin(now); s != nil {
//		s.Put(id, counts, durations) // for each backend
//		log.Add(s)
//	}
//	view := log.View(now)
//	defer view.Close()
//	recent := view.Backend(id, counts, durations)
//
// Requests for the live page and scrapes take samples of a target, at most one a
// second. Nothing happens while nobody looks. A [Log] keeps samples two seconds apart
// for the last ten seconds and ten seconds apart for the last minute, a dozen in all.
// A window begins at the sample whose age is nearest to the wanted length, and ends
// now. After a pause that is the last sample before it, up to 30 seconds old for the short
// window and three minutes for the long one. It is never a sample younger than a quarter
// of a second. Its true length may differ, and is part of the answer.
//
// # Memory
//
// Each backend has a slot, a small number, and a sample is an array of counts by
// slot: 16 bytes per backend, and 72 more if latency is measured. With 10,000
// backends a log holds up to 2.5 MB, and 14 MB with latency. A slot is reused when its
// backend is gone. Samples from before that have the counts of the earlier backend in
// the slot. For the later one they count as 0, because it was born after them.
//
// A sample never changes once it is in a log, so views read it without a lock. The
// memory of a dropped sample is used for the next one, unless a view may still read it.
//
// # Latency
//
// Samples have durations in the classic buckets of the Prometheus histogram (package
// latency), whose bounds differ by a factor of 2 or 2.5. Within a bucket, durations are
// taken to be spread as all that the backend's histogram has counted, in its eight cells
// for each doubling ([latency.Histogram.Spread]). So a quantile is always in the right
// bucket, and right to a tenth as long as durations within the bucket stay as they were.
// After a change within a bucket it is right to a tenth as well if that bucket took most of
// the time of the window: the sum then tells. Otherwise it lags, until the new durations
// in the bucket outnumber the old ones. The mean is exact.
//
// Where latency is not measured, the mean is estimated by Little's law: attempts in flight,
// averaged over the samples, divided by the rate at which they end. A window also tells how
// many attempts were seen in flight (sightings.go), so that package diagnosis can tell a
// slow backend from chance. Attempts that are in flight at each look may be streams: one to
// three at a time on a backend do not count, unless other attempts are seen beside them.
package window
