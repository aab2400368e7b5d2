// Lbtop shows the live pages of one or many processes in a terminal: which backend is
// bad, since when, for how many of its clients, and what just changed.
//
//	lbtop [flags] URL...
//
// A URL is that of a live page, as http://host:8080/debug/lb. HOST:PORT alone means
// that path over HTTP. @FILE means the URLs in a file, one a line. README.md has the
// keys, the flags and the exit status.
//
// # From the pages to the screen
//
//   - internal/fetch reads a page as JSON and checks its version.
//   - internal/poll asks all processes, each on its own, and keeps their last answers.
//   - internal/fleet merges the answers.
//   - internal/view renders lines.
//   - internal/screen shows them in a terminal and has the keys; plain.go prints them
//     elsewhere.
//
// This module does not depend on the library whose pages it shows, so that it can be
// installed at a version. Module internal/endtoend tests it with real pages.
package main
