// Package events keeps what happened lately to a target and its backends, for the live
// page and for the logger of WithEventLogger.
//
// What happens is told in two steps, because the text of an error is anybody's code.
// Under the lock that guards the state, the caller makes [News], with the error in it.
// Without a lock it turns the News into an [Event], which has the text, and hands that
// to the [Ring] of the target and to the [Log]. A [ResolverHistory] finds out what a
// resolver update has changed.
//
// # Locks
//
// Each Ring, Log and ResolverHistory has one. They are never held together, and nothing
// is called under them.
package events
