package pickfirst2

import "google.golang.org/grpc/connectivity"

// effects collects what the machine wants done. The machine only appends; the
// shell carries them out when the machine has made up its mind: the list in
// order, and then the shutdowns. So the channel has a picker without a
// subchannel before that is shut down.
type effects struct {
	list      []effect
	shutDowns []*subchannel
}

// effect is one thing to be done. Which fields count depends on the kind.
type effect struct {
	kind  effectKind
	sub   *subchannel        // connect, watchHealth, and report of READY
	state connectivity.State // report
	err   error              // report of TRANSIENT_FAILURE
}

type effectKind uint8

const (
	connect     effectKind = iota // ask sub to connect, making its SubConn if it has none
	watchHealth                   // register a health listener on sub
	startTimer                    // start the delay before the next attempt anew
	stopTimer                     // stop that delay, if it runs
	report                        // report state to the channel
)

func (out *effects) connect(sub *subchannel)     { out.add(effect{kind: connect, sub: sub}) }
func (out *effects) shutDown(sub *subchannel)    { out.shutDowns = append(out.shutDowns, sub) }
func (out *effects) watchHealth(sub *subchannel) { out.add(effect{kind: watchHealth, sub: sub}) }
func (out *effects) startTimer()                 { out.add(effect{kind: startTimer}) }
func (out *effects) stopTimer()                  { out.add(effect{kind: stopTimer}) }
func (out *effects) add(e effect)                { out.list = append(out.list, e) }
