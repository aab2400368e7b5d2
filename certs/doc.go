// Package certs has a test CA and server certificates for the examples of this
// module. It makes TLS configurations from them.
//
// A set of certificates is a directory of PEM files: ca.crt, and NAME.crt with NAME.key
// for each server name. One set is embedded, so that the examples run from any
// directory. [Dir] reads another set.
//
// The embedded private keys are public. Never trust this CA outside of tests. Its
// subject says so, and it may only sign names under etcd.local. Its own private key was
// not kept, so a new certificate needs a new set: run go generate ./certs.
package certs

//go:generate go run ./generate -out .
