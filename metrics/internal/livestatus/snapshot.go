package livestatus

import "time"

// Snapshot lists the targets at one moment.
type Snapshot struct {
	Time      time.Time     // that moment, by the wall clock
	Retention time.Duration // how long unused targets and backends stay listed
	Targets   []Target      // in any order

	// Release, unless it is nil, is called once the answer is complete. The source
	// then reuses the memory of each [Status] that the answer read.
	Release func()
}

// Target is a target under one policy.
type Target struct {
	Key
	// Sample, unless it is nil, is called before Read for each target that the answer
	// shows. It returns how long to wait before the first Read, so that there is a
	// window to show: 0 if the target was looked at not long ago.
	Sample func() time.Duration
	// Read returns the status of the target. It is called at most once, and only
	// if the answer shows the target.
	Read func() Status
}
