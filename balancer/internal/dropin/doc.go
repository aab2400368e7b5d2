// Package dropin has tests only, in a program of their own: one in which the
// policies of this module are registered under the built-in names pick_first
// and round_robin. That is where grpc-go's own policies, such as ring_hash and
// least_request, look their children up. Registration is for the whole program,
// so these tests cannot be where the policies are to have their own names.
package dropin
