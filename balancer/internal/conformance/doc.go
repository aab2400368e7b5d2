// Package conformance has only tests. They compare the policies of this module with
// the policies of grpc-go that they replace.
//
// Both policies run the same script on the fakes of balancertest. After each event
// they must look the same to gRPC: SubConns, states, and where picks go.
// intended_test.go lists the intended differences.
//
// README.md has what gRPC's specification demands of the policies, sentence by
// sentence, with the test of each demand.
//
//	go test ./balancer/internal/conformance
//	go test ./balancer/internal/conformance -run '^$' -fuzz .
//
// To add a case, add a file with events to testdata/scripts, in the language of
// package script. Then write the results of grpc-go's policies into the file:
//
//	go test ./balancer/internal/conformance -run Rows -update
//
// A random script that fails is printed in this language, too.
//
// # Versions of grpc-go
//
// go.mod requires the oldest grpc-go that will do. To run anything with another one:
//
//	.ci/grpc v1.85.0 go test ./balancer/internal/conformance
//
// With a new release and -update, the diff shows what grpc-go has changed. What only
// some releases do stands in the table of versions_test.go.
//
// On 2026-11-26, with Go 1.26.8 on linux/amd64,
//
//	.ci/grpc VERSION go test ./balancer/... ./metrics ./pickfirst2 ./roundrobin2
//
// had these results:
//
//	v1.81.1      does not build: no package experimental/balancer/weight
//	v1.82.0      passes, and so does all of the module: go test ./...
//	v1.82.1      passes
//	v1.83.2      passes
//	v1.84.0      passes
//	v1.85.0      passes
//	v1.86.0-dev  passes; a tag of 2026-09-24, older than v1.85.0
//	master       not reached: the module proxy had one of 2026-04-22
package conformance
