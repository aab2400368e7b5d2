// Package script reads test cases from text files. A file lists what happens to a
// policy and what the policy does. To add a case, add a file:
//
//	# When the first address fails, the policy tries the next one.
//
//	update a:1 b:1
//		report CONNECTING; connect a:1
//	a:1 TRANSIENT_FAILURE
//		connect b:1
//
// Each line is an event. The indented lines below it are its results. The test
// decides what they say, and [File.Check] can write them. Blank lines and lines
// that start with # are comments. [Parse] lists the events; a test can define
// more.
//
// The package only parses and writes the files. The test carries out the events,
// on the fakes of balancertest or on something else.
package script
