package record

import "time"

// Settings are what the options of a Metrics say about its records. All records of a
// [Store] have the same. They never change.
type Settings struct {
	Retention     time.Duration // how long a record is kept after its last use
	MaxTargets    int           // 0 for no limit
	MaxBackends   int           // per target; 0 for no limit
	BackendLabels []string      // names of the labels of WithBackendLabel, sorted
	LastRPCErrors bool          // keep how RPCs on each backend failed

	Catalog *Catalog // of the metrics, with BackendLabels
}
