package pickfirst2

import "google.golang.org/grpc/connectivity"

// effects collects what the machine wants done. The shell carries the effects out
// when the machine has handled the event: first the list, in order, then the
// shutdowns. So the channel gets a picker without a subchannel before that is shut
// down.
type effects struct {
	list      []effect
	shutDowns []*subchannel
}

// effect is one thing to do. The fields that it uses depend on its kind.
type effect struct {
	kind  effectKind
	sub   *subchannel        // connect, watchHealth, and report of READY
	state connectivity.State // report
	err   error              // report of TRANSIENT_FAILURE
}

type effectKind uint8

const (
	connect     effectKind = iota // connect sub, making its SubConn if it has none
	watchHealth                   // register a health listener on sub
	startTimer                    // restart the delay before the next attempt
	stopTimer                     // stop that delay, if it is running
	report                        // report state to the channel
)

func (out *effects) connect(sub *subchannel)     { out.add(effect{kind: connect, sub: sub}) }
func (out *effects) shutDown(sub *subchannel)    { out.shutDowns = append(out.shutDowns, sub) }
func (out *effects) watchHealth(sub *subchannel) { out.add(effect{kind: watchHealth, sub: sub}) }
func (out *effects) startTimer()                 { out.add(effect{kind: startTimer}) }
func (out *effects) stopTimer()                  { out.add(effect{kind: stopTimer}) }
func (out *effects) add(e effect)                { out.list = append(out.list, e) }
