// Package outlier has only tests: those of round_robin2 under gRPC's outlier
// detection. It is a module of its own because that policy comes with xDS, whose
// dependencies are no business of a user of the policies.
package outlier
