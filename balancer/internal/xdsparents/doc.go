// Package xdsparents has only tests: those of the policies under parents that
// come with gRPC's xDS, outlier detection and priority. It is a module of its
// own because of their dependencies, which are no business of a user of the
// policies.
package xdsparents
