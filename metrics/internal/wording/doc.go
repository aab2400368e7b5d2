// Package wording writes numbers, durations and texts from outside for readers of the
// live page, and orders names as readers do.
package wording
