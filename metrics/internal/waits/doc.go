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
// wait.go. What comes of a wait goes to its [Target].
//
// # How RPCs end
//
// gRPC cancels the context of an RPC at its end. To be told of that, as by
// [context.AfterFunc], takes more time and memory than all the rest. So a List only looks
// whether a context has ended: before a new picker of the policy, at its Close, at scrapes
// and page requests, and while it handles other RPCs of the policy instance. The wait of an
// ended RPC counts
//
//   - until the RPC's deadline, if that has passed,
//   - or else until the List finds the RPC. So the wait of an RPC that was cancelled while
//     it was queued counts too long.
//
// An RPC that an error of the picker has ended did not wait, or its wait ended with the
// error, whenever it is found.
//
// Until it is found, an RPC that has ended stays in memory.
//
// Scrapes and page requests look at the RPCs of all instances. A test in a synctest bubble
// that lets RPCs wait, and a scrape of the same Metrics from outside of the bubble, must
// not run at the same time: to look at a context of another bubble crashes the program.
//
// # Locks
//
// The RPCs are spread over shards with a lock each. They are never held together. Only
// methods of Target are called under them, and Err and Deadline of contexts.
package waits
