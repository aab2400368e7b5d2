//go:build !race

package incidents

// Sizes are the numbers of servers with which tests play each incident.
var Sizes = []int{3, 200}
