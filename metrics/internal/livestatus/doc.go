// Package livestatus has the status of targets and of their backends as plain values:
// what package metrics fills in and the live page shows. A [Snapshot] lists targets,
// and each has a [Status].
//
// Its methods compute what follows from one value alone, such as a rate or whether a
// backend is down. Package diagnosis compares backends and judges them.
package livestatus
