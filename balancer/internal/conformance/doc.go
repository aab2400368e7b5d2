// Package conformance has only tests: they compare the policies of this module
// with those of grpc-go that they replace.
//
// Both policies run the same script on the fakes of balancertest. After each
// event they must look the same to gRPC: SubConns, states, and where picks go.
// intended_test.go lists the differences that are meant.
//
//	go test ./balancer/internal/conformance
//	go test ./balancer/internal/conformance -run '^$' -fuzz .
//
// To add a case, add a file with events to testdata/scripts, in the language of
// package script, and have what grpc-go's policies do written below the events:
//
//	go test ./balancer/internal/conformance -run Rows -update
//
// The same command shows, as a diff, what a new version of grpc-go does
// differently. A random script that fails is printed in this language too.
package conformance
