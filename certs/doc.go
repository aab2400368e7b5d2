// Package certs holds the test CA of this module's examples and the
// certificates that it has signed, and turns such files into TLS
// configurations.
//
// A set of certificates is a folder of PEM files: ca.crt, and NAME.crt with
// NAME.key for each server name. One set is embedded, so that the examples run
// from any directory; [Dir] reads another.
//
// The embedded private keys are public. Never trust this CA outside of tests:
// it says so in its subject, and may sign names under etcd.local only. Its own
// key was thrown away when the set was made, so a new certificate means a new
// set: go generate ./certs.
package certs

//go:generate go run ./generate -out .
