// Package documents tests what the Markdown files of this repository say: every link
// leads somewhere, the Go code in the files that a newcomer reads first is code of this
// module, which compiles and runs, gRPC accepts the service configs, and .ci/run or a
// test runs each command.
//
// A Go block may leave lines out where it has a blank line or "// …". In between, its
// lines are those of one Go file, in the same order and without others between them.
// Their spaces and the word import in front do not matter. The Examples in this package
// are there for blocks that no other package has.
package documents
