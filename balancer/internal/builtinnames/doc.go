// Package builtinnames has only tests: of the policies of this module registered
// under the built-in names pick_first and round_robin. Under these names
// grpc-go's own policies, such as ring_hash and least_request, look their
// children up. A registration holds for a whole program, so that these tests
// need a program of their own.
//
//	go test ./balancer/internal/builtinnames
package builtinnames
