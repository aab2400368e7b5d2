// Package manifests has the Kubernetes manifests of this example, to be applied
// with kubectl, and their tests.
package manifests
