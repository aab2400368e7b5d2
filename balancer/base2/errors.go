package base2

import (
	"errors"
	"fmt"
	"strings"

	"github.com/grpc-balancer2/balancer2/pickfirst2"
)

// maxCauses bounds the length of an error: it tells of this many endpoints.
const maxCauses = 3

var errNoAddresses = errors.New("produced zero addresses")

// pickError is why no endpoint is READY, as picks return it.
type pickError struct {
	text  string
	cause error
}

func (e *pickError) Error() string { return e.text }

// Unwrap returns the error of the last endpoint that it tells of: when that
// holds a status, gRPC ends RPCs with it.
func (e *pickError) Unwrap() error { return e.cause }

// toldLocked returns the children that the error tells of.
func (b *endpointBalancer) toldLocked() []*child {
	return b.order[max(0, len(b.order)-maxCauses):]
}

// failureLocked returns the error that tells which endpoints failed and why.
// The wording, after the policy's name, is
//
//	none of 5 endpoints is ready: (2 more); connect to A: cause; connect to B: cause; connect to C: cause
//	no children to pick from: name resolver error: cause
//
// where those told of are the last in the resolver's order, followed, if there
// are endpoints and the resolver's last answer was an error, by "; last resolver
// error: cause".
func (b *endpointBalancer) failureLocked() error {
	if len(b.order) == 0 {
		return &pickError{text: fmt.Sprintf("%s: no children to pick from: name resolver error: %v", b.name, b.resolverErr)}
	}
	var s strings.Builder
	fmt.Fprintf(&s, "%s: none of %d endpoints is ready: ", b.name, len(b.order))
	told := b.toldLocked()
	if more := len(b.order) - len(told); more > 0 {
		fmt.Fprintf(&s, "(%d more); ", more)
	}
	causes := make([]string, len(told))
	for i, c := range told {
		causes[i] = strings.TrimPrefix(c.err.Error(), pickfirst2.Name+": ")
	}
	s.WriteString(strings.Join(causes, "; "))
	if b.resolverErr != nil {
		fmt.Fprintf(&s, "; last resolver error: %v", b.resolverErr)
	}
	return &pickError{text: s.String(), cause: told[len(told)-1].err}
}
