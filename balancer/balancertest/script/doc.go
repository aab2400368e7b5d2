// Package script reads text files that say what happens to a policy and what it
// did. Adding a case to a test is adding a file:
//
//	# The next address has its turn when the first one fails.
//
//	update a:1 b:1
//		report CONNECTING; connect a:1
//	a:1 TRANSIENT_FAILURE
//		connect b:1
//
// A line is an event. Indented lines below it are its results: what they say is
// up to the test, which can have them written by [File.Check]. Blank lines and
// lines that begin with # are comments. [Parse] lists the events; a test can
// have others of its own.
//
// The package knows events and files. What an event does, to the fakes of
// balancertest or to something else, is up to the test.
package script
