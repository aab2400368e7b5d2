// Package fallback has only tests. They show what happens in a program that does not
// import the policies.
//
//	go test ./balancer/internal/fallback
package fallback
