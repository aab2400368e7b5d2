// Package unregistered has only tests. They show what happens in a program that
// imports the packages of the policies, but not the package balancer.
//
//	go test ./balancer/internal/unregistered
package unregistered
