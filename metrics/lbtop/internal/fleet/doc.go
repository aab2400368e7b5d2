// Package fleet merges what many processes see of their backends. Its functions are
// pure: they take the pages of one moment and return values to show.
//
// Each process is a client of the backends. A backend is bad for a client if the
// client cannot use it, whatever others say. A process that did not answer counts
// for nothing but itself: what it last said may be wrong by now.
//
// Processes may have wrong clocks. The times of a page are taken as ages, from the
// time that the page itself has.
package fleet
