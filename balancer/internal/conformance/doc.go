// Package conformance has only tests. They compare the policies of this module with
// the policies of grpc-go that they replace.
//
// Both policies run the same script on the fakes of balancertest. After each event
// they must look the same to gRPC: SubConns, states, and where picks go.
// intended_test.go lists the intended differences.
//
//	go test ./balancer/internal/conformance
//	go test ./balancer/internal/conformance -run '^$' -fuzz .
//
// To add a case, add a file with events to testdata/scripts, in the language of
// package script. Then write the results of grpc-go's policies into the file:
//
//	go test ./balancer/internal/conformance -run Rows -update
//
// With a new version of grpc-go, the same command shows in the diff what grpc-go has
// changed. A random script that fails is printed in this language, too.
package conformance
