//go:build race

package incidents

// Sizes are the numbers of servers with which tests play each incident. With the race
// detector a TLS handshake takes ten times as long, so there are fewer servers.
var Sizes = []int{3, 40}
