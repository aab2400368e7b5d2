// Package conformance has only tests: they compare the policies of this module
// with those of grpc-go that they replace.
//
// Both policies run the same script on the fakes of balancertest. After each
// event they must look the same to gRPC: SubConns, states, and where picks go.
// The differences that are meant are listed in intended_test.go.
//
//	go test ./balancer/internal/conformance
//	go test ./balancer/internal/conformance -run '^$' -fuzz .
package conformance
