package base2

import (
	"errors"
	"fmt"
	"strings"
)

// maxCauses bounds the length of an error: it names this many endpoints.
const maxCauses = 3

var errNoAddresses = errors.New("produced zero addresses")

// namedLocked returns the children that the error names: the last ones.
func (b *endpointBalancer[S]) namedLocked() []*child[S] {
	return b.order[max(0, len(b.order)-maxCauses):]
}

// failureLocked returns the error that names the failed endpoints and the causes.
// The wording, after the policy's name, is
//
//	none of 5 endpoints is ready: (2 more); connect to A: cause; connect to B: cause; connect to C: cause
//	no endpoints to pick from: name resolver error: cause
//
// It names the last endpoints of the resolver's list. If the resolver's last answer
// was an error, "; last resolver error: cause" follows them.
//
// The error wraps the last endpoint's error: when that holds a status, gRPC ends RPCs
// with it.
func (b *endpointBalancer[S]) failureLocked() error {
	if len(b.order) == 0 {
		//nolint:errorlint // the resolver does not decide the status of RPCs
		return fmt.Errorf("%s: no endpoints to pick from: name resolver error: %v", b.name, b.resolverErr)
	}
	named := b.namedLocked()
	var before strings.Builder
	if more := len(b.order) - len(named); more > 0 {
		fmt.Fprintf(&before, "(%d more); ", more)
	}
	for _, c := range named[:len(named)-1] {
		fmt.Fprintf(&before, "%v; ", c.err)
	}
	after := ""
	if b.resolverErr != nil {
		after = fmt.Sprintf("; last resolver error: %v", b.resolverErr)
	}
	last := named[len(named)-1].err
	return fmt.Errorf("%s: none of %d endpoints is ready: %s%w%s", b.name, len(b.order), before.String(), last, after)
}
