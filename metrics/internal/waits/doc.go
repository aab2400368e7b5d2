// Package waits measures how long RPC attempts wait for a pick, and why.
//
// gRPC does not tell a policy how long an RPC waits, or why. A [List] recognizes attempts
// by their contexts: gRPC gives each attempt a context of its own, and the contexts of all
// attempts of an RPC share one Done channel. Therefore a wait also ends when a parent or
// sibling of the policy picks, if it reports to the same List, and the retry of an RPC does
// not inherit the error that ended the attempt before. gRPC asks each new picker for all
// waiting attempts. An attempt that it does not ask for has ended, or a policy that is not
// metered has picked for it.
//
// The decorator reports refused picks with [List.Refused] and all others with
// [List.Resolved], which costs nothing while no RPC waits. The states of a wait are in
// wait.go, those of an RPC in list.go. What comes of a wait goes to its [Target].
//
// # Locks
//
// Each RPC that waits has one. They are never held together. Only methods of Target are
// called under them.
package waits
