// Package builtinnames has only tests. They register the policies of this module
// under the built-in names pick_first and round_robin. grpc-go's own policies, such
// as ring_hash and least_request, look up their children under these names. A
// registration affects the whole program, so these tests have their own package.
//
//	go test ./balancer/internal/builtinnames
package builtinnames
