// Package perf has only benchmarks, and tests of costs that do not depend on the
// machine: allocations, bytes and pickers. README.md has the figures and the
// commands that measure them.
package perf
