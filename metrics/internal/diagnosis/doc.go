// Package diagnosis says what is wrong with a target and its backends, in words and
// as conditions.
//
//	var m diagnosis.Memory
//	report := diagnosis.New(status, now, &m)
//	said := report.Sentence() // "1 of 3 backends down for 4 min (10.0.0.2)"
//
// [New] summarizes the usable backends (peers.go, latencies.go), compares each with
// them, and gives it a [Condition] (condition.go). Backends in the same condition form a
// group (group.go), from which [Report.Sentence] takes its words (sentence.go, traffic.go).
package diagnosis
