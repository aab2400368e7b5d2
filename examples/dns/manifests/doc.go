// Package manifests has the Kubernetes manifests of this example, for kubectl apply, and
// their tests.
package manifests
