// Package view renders what a fleet sees as lines of text. It is pure: the same
// values give the same lines.
//
// Names and errors come from servers, which may be broken or worse. A [Line] is
// written only through [Line.Plain] and [Line.Styled], and both escape control
// characters, so no text can move the cursor or change the terminal.
package view
