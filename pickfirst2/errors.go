package pickfirst2

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// maxCauses bounds the length of an error: it names this many failed addresses, and the
// one that failed last if that is another one.
const maxCauses = 3

var (
	errNoAddresses = errors.New("produced zero addresses")
	errNoCause     = errors.New("gRPC gave no cause")
)

// connectError says why there is no connection. It leaves out the policy's name,
// which a parent replaces with its own.
type connectError struct {
	text  string
	cause error
}

func (e *connectError) Error() string { return e.text }

// Unwrap returns the newest connection error, if a connection failed. When that
// holds a status, gRPC ends RPCs with it, as under pick_first. Health checks and the
// resolver do not decide the status of RPCs.
func (e *connectError) Unwrap() error { return e.cause }

// failure returns the error that names the failed addresses and the causes. The
// wording is
//
//	connect to A: cause
//	connect to 5 addresses: (2 more); C: cause; D: cause; E: cause
//	connect to 5 addresses: (1 more); A: cause; C: cause; D: cause; E: cause
//	connect to new addresses: no attempt has ended yet
//	check health of A: cause
//	name resolver error: cause
//
// Of many failed addresses, it names the last ones of the list, and the one that failed
// last: above, A. If there are addresses and the resolver's last answer was an error,
// then "; last resolver error: cause" follows.
func (m *machine) failure() error {
	switch {
	case len(m.addrs) == 0:
		return &connectError{text: fmt.Sprintf("name resolver error: %v", m.resolverErr)}
	case m.phase == chosen:
		text := fmt.Sprintf("check health of %s: %v", m.addrs[m.sel.index].Addr, m.sel.err)
		return &connectError{text: text + m.resolverSuffix()}
	}
	causes, failed := m.causes()
	var s strings.Builder
	s.WriteString("connect to ")
	if failed > 1 {
		fmt.Fprintf(&s, "%d addresses: ", failed)
	}
	if more := failed - len(causes); more > 0 {
		fmt.Fprintf(&s, "(%d more); ", more)
	}
	s.WriteString(strings.Join(causes, "; "))
	s.WriteString(m.resolverSuffix())
	return &connectError{text: s.String(), cause: m.cause}
}

// causes describes the last failed addresses of the list, and the one whose failure is
// m.cause, in the order of the list. failed is how many have failed.
func (m *machine) causes() (causes []string, failed int) {
	newest, missing := "", m.cause != nil // errors may not be comparable, so their texts are compared
	if missing {
		newest = m.cause.Error()
	}
	for i, sub := range slices.Backward(m.subs) {
		if sub == nil || sub.err == nil {
			continue
		}
		failed++
		if failed > maxCauses && !missing {
			continue
		}
		isNewest := sub.err.Error() == newest
		if failed <= maxCauses || isNewest {
			causes = append(causes, fmt.Sprintf("%s: %v", m.addrs[i].Addr, sub.err))
			missing = missing && !isNewest
		}
	}
	if failed == 0 {
		causes = []string{"new addresses: no attempt has ended yet"}
	}
	slices.Reverse(causes)
	return causes, failed
}

func (m *machine) resolverSuffix() string {
	if m.resolverErr == nil {
		return ""
	}
	return fmt.Sprintf("; last resolver error: %v", m.resolverErr)
}
