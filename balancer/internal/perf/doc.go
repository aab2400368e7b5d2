// Package perf has only benchmarks, and tests of costs that do not depend on the
// machine: allocations, bytes, pickers. README.md has the figures, and says how
// to measure them.
package perf
