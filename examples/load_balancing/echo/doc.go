// Package echo is the service grpc.examples.echo.Echo, generated from
// echo.proto. A program cannot link it together with the package of the same
// service in gRPC's examples: both register the same names.
package echo

//go:generate go run github.com/bufbuild/buf/cmd/buf@v1.75.0 generate
