//go:build race

package incidents

// Sizes are the numbers of servers with which tests play each incident. The race detector
// makes TLS handshakes slow, so there are fewer servers.
var Sizes = []int{3, 40}
