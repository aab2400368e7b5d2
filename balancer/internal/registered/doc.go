// Package registered has only tests: of a program that meters the policies that
// are registered already, with metrics.InstrumentRegistered. Those of policies
// that come with xDS are in the folder registered of xdsparents.
//
//	go test ./balancer/internal/registered
package registered
