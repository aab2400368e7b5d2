// Package endtoend has only tests. They let lbtop look at real live pages: at those of
// package metrics, whose JSON lbtop's types copy, in a bubble of time, and at pages on
// a port with the program itself, on a terminal.
//
// It is a module of its own because lbtop does not depend on the library. A module
// with replace directives cannot be installed at a version.
package endtoend
