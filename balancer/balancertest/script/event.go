package script

import (
	"errors"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/status"
)

// Kind says which of its fields an [Event] uses.
type Kind int

// The kinds of events.
const (
	Other         Kind = iota // Words, which the test defines
	Update                    // Endpoints, Gated
	ResolverError             // none
	ExitIdle                  // none
	Pick                      // none
	Close                     // none
	Wait                      // Delay
	Connectivity              // Addr, State, Code
	Health                    // Addr, State
	Simultaneous              // Parts
)

// Event is one line of a script.
type Event struct {
	Kind      Kind
	Endpoints []resolver.Endpoint
	Gated     bool             // sent by a parent that enables the health listener
	Addr      resolver.Address // of the SubConn; without attributes
	State     connectivity.State
	Code      codes.Code // status code of a failure's cause; OK: the cause holds no status
	Delay     time.Duration
	Parts     []Event
	Words     string
}

// Cause returns the error of a TRANSIENT_FAILURE. It returns nil for other states.
func (e Event) Cause() error {
	switch {
	case e.State != connectivity.TransientFailure:
		return nil
	case e.Kind == Health:
		return errors.New("sick")
	case e.Code != codes.OK:
		return status.Error(e.Code, "refused")
	default:
		return errors.New("refused")
	}
}

// Addresses returns the addresses of an update's endpoints, in order.
func (e Event) Addresses() []resolver.Address {
	var addrs []resolver.Address
	for _, endpoint := range e.Endpoints {
		addrs = append(addrs, endpoint.Addresses...)
	}
	return addrs
}

// String returns the line that [Parse] parses into the event.
func (e Event) String() string {
	switch e.Kind {
	case Update:
		return e.updateString()
	case ResolverError:
		return "resolver error"
	case ExitIdle:
		return "exit idle"
	case Pick:
		return "pick"
	case Close:
		return "close"
	case Wait:
		return "wait " + e.Delay.String()
	case Connectivity:
		line := FormatAddress(e.Addr) + " " + e.State.String()
		if e.Code != codes.OK {
			line += " " + e.Code.String()
		}
		return line
	case Health:
		return FormatAddress(e.Addr) + " health " + e.State.String()
	case Simultaneous:
		var parts []string
		for _, p := range e.Parts {
			parts = append(parts, p.String())
		}
		return strings.Join(parts, " and ")
	default:
		return e.Words
	}
}

func (e Event) updateString() string {
	line := "update"
	if e.Gated {
		line = "gated update"
	}
	for i, endpoint := range e.Endpoints {
		if i > 0 {
			line += " |"
		}
		for _, a := range endpoint.Addresses {
			line += " " + FormatAddress(a)
		}
	}
	return line
}

// FormatAddress returns an address as scripts write it.
func FormatAddress(a resolver.Address) string {
	text := a.Addr
	if a.ServerName != "" {
		text += "@" + a.ServerName
	}
	if v, ok := a.Attributes.Value(attributeKey).(string); ok {
		text += "#" + v
	}
	if v, ok := a.BalancerAttributes.Value(attributeKey).(string); ok {
		text += "~" + v
	}
	return text
}
