// Package latency measures how long RPC attempts take. A [Histogram] costs two atomic
// additions per attempt, and gives what three readers need from the same counts: a
// native histogram of Prometheus, a classic one, and the windows of the live page.
//
// The counts are in cells. The bounds of cells are those of the native buckets (eight
// for each doubling, schema 3) between 7.6 µs and 68 minutes, and those of the classic
// buckets, so that each bucket of either kind is a row of whole cells. A look at the
// bits of the duration in seconds leads to its cell, without a search.
//
// A window has only counts by classic bucket, because there are many samples of many
// backends. A [Spread] estimates the cells of a window from those of its histogram.
//
// client_golang's histogram takes longer and cannot be read without allocating
// kilobytes, because it keeps native buckets in maps and its sum as a float. It is the
// oracle of the tests.
//
// Nothing here has a lock.
package latency
