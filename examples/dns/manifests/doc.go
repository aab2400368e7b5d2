// Package manifests holds what a cluster needs for this example, to be applied
// with kubectl, and the tests of it.
package manifests
