package pickfirst2

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// maxCauses bounds the length of an error: it tells of this many addresses.
const maxCauses = 3

var (
	errNoAddresses = errors.New("produced zero addresses")
	errNoCause     = errors.New("gRPC gave no cause")
)

// pickError is why there is no connection, as picks return it.
type pickError struct {
	text  string
	cause error
}

func (e *pickError) Error() string { return e.text }

// Unwrap returns the connection error that was news, if one was: when it holds a
// status, gRPC ends RPCs with that, as it does under pick_first. Health and the
// resolver do not decide over the status of RPCs.
func (e *pickError) Unwrap() error { return e.cause }

// failure returns the error that tells which addresses failed and why. The
// wording is
//
//	pick_first2: connect to A: cause
//	pick_first2: connect to 5 addresses: (2 more); A: cause; B: cause; C: cause
//	pick_first2: connect to new addresses: no attempt has ended yet
//	pick_first2: check health of A: cause
//	pick_first2: name resolver error: cause
//
// followed, if there are addresses and the resolver's last answer was an error,
// by "; last resolver error: cause".
func (m *machine) failure() error {
	switch {
	case len(m.addrs) == 0:
		return &pickError{text: fmt.Sprintf("%s: name resolver error: %v", Name, m.resolverErr)}
	case m.phase == chosen:
		text := fmt.Sprintf("%s: check health of %s: %v", Name, m.addrs[m.sel.index].Addr, m.sel.err)
		return &pickError{text: text + m.resolverSuffix()}
	}
	causes, failed := m.causes()
	var s strings.Builder
	s.WriteString(Name + ": connect to ")
	if failed > 1 {
		fmt.Fprintf(&s, "%d addresses: ", failed)
	}
	if more := failed - len(causes); more > 0 {
		fmt.Fprintf(&s, "(%d more); ", more)
	}
	s.WriteString(strings.Join(causes, "; "))
	s.WriteString(m.resolverSuffix())
	return &pickError{text: s.String(), cause: m.cause}
}

// causes tells of the last failed addresses of the list, and how many have
// failed.
func (m *machine) causes() (causes []string, failed int) {
	for i, sub := range slices.Backward(m.subs) {
		if sub == nil || sub.err == nil {
			continue
		}
		failed++
		if failed <= maxCauses {
			causes = append(causes, fmt.Sprintf("%s: %v", m.addrs[i].Addr, sub.err))
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
