package scenario

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
)

// tally counts RPCs by the status code that they ended with for their caller.
// It is the count to hold the metrics against: they count attempts, of which an
// RPC can have several or none.
type tally map[codes.Code]int

// String returns for example "OK 10, Unavailable 1".
func (t tally) String() string {
	var parts []string
	for _, code := range slices.Sorted(maps.Keys(t)) {
		parts = append(parts, fmt.Sprintf("%s %d", code, t[code]))
	}
	return cmp.Or(strings.Join(parts, ", "), "none")
}

// writeTallies writes how the RPCs of all channels ended. None may be under way.
func (cs channels) writeTallies(w io.Writer) {
	fmt.Fprint(w, "\n--- how the RPCs ended ---\n")
	for _, c := range cs {
		fmt.Fprintf(w, "%s: %s\n", c.policy.Name, c.ended)
	}
}
