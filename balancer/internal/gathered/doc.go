// Package gathered has only tests. They show a program that imports package balancer and
// gathers the default metrics, instead of having them registered.
//
//	go test ./balancer/internal/gathered
package gathered
