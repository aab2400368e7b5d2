// Package record holds what a Metrics has counted: a [Store] of records, one [Target] for
// each target and policy, and in it one [Backend] for each backend.
//
//	store := record.NewStore(clock)
//	target := store.Open(key, instance, settings) // for each policy instance
//	defer store.Close(target, instance)
//	backend := store.Acquire(target, id) // for each SubConn
//	defer store.Release(backend)
//
// The decorator only reports what happens, with the Count methods and their kin, and reads
// no count back. The readers are in this package, because they need the fields:
// [Store.Collect] and [Store.Gather] for scrapes, and [Store.Snapshot] for the live page.
//
//	what is counted          target.go, traffic.go, connections.go, usable.go, uptime.go, durations.go, rare.go,
//	                         counts.go (and where they lie in memory)
//	the records' life        store.go, backend.go; id.go, slots.go, table.go
//	what scrapes read        catalog.go (a row for each metric), buckets.go, labels.go, collect.go
//	what the live page reads page.go, recent.go
//
// # Cost
//
// Counting a pick or the end of an RPC is one atomic addition, in [Counts]. Counts are
// apart from the rest of the record: the first of a target each in cache lines of their
// own, so that cores do not disturb each other, and all others close together, because
// with thousands of backends memory dominates. What most backends never need is made when
// it is first needed.
//
// # Consistency
//
// Counters are read without a lock, in an order that makes them agree: ends before picks,
// so that picks = repicks + RPCs ended + in flight in every scrape, and what is unusable
// before what is READY.
//
// # Locks
//
// A Store has one, for the lists of records and their life. Under it, the package makes
// histograms and windows, and calls nothing else outside. The samples and events of a target
// have locks of their own, which are never held together with it. While the page reads the subchannels of an [Instance], the lock of
// the instance is held; the reader takes none.
package record
