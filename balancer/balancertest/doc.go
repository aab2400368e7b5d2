// Package balancertest tests load-balancing policies without a network.
//
// A test builds the policy on a fake [ClientConn], which stands where gRPC's
// channel stands, feeds it resolver updates through a [Policy], drives the
// connectivity of the fake [SubConn]s that the policy makes, and looks at what
// gRPC would see: the SubConns, their Connect and Shutdown calls, the states
// and pickers that the policy reports, and where a pick goes.
//
// The fakes keep gRPC's promises to policies. Resolver updates, state changes
// and health updates reach the policy one at a time. Nothing is delivered from
// inside a call that the policy makes: what follows from such a call (the last
// SHUTDOWN of a SubConn, the first health update) is delivered when the
// policy's own call has returned. Transitions that gRPC cannot produce, such as
// READY on a SubConn that was never asked to connect, fail the test.
//
// No goroutine is started and no clock is read, so that a policy's timers can
// be tested in a [testing/synctest] bubble. All methods may be called from
// several goroutines.
//
// What the fakes do not do: reconnect, back off, pool or retry. A test decides
// when each of these happens.
package balancertest
