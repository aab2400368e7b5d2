// Package registered has only tests. They are of a program that meters policies that
// other packages have registered, with metrics.InstrumentRegistered. The tests of
// policies that come with xDS are in internal/xdsparents/registered.
//
//	go test ./balancer/internal/registered
package registered
