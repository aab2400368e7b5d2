// Package fallback has only tests: those of a program that does not import the
// policies.
//
//	go test ./balancer/internal/fallback
package fallback
