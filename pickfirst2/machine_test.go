package pickfirst2

import (
	"strings"
	"testing"
)

// TestMachine goes through the table in doc.go, cell by cell. A script is one
// step per line: the event, then "=>" and the effects, if there are any.
func TestMachine(t *testing.T) {
	t.Parallel()
	for name, script := range machineScripts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScripted(t)
			for line := range strings.Lines(script) {
				event, want, _ := strings.Cut(strings.TrimSpace(line), "=>")
				if event == "" {
					continue
				}
				if got := s.do(strings.TrimSpace(event)); got != strings.TrimSpace(want) {
					t.Fatalf("after %q:\n got %q\nwant %q", event, got, strings.TrimSpace(want))
				}
			}
		})
	}
}

const (
	// raceAB and the like lead to the phase that a script is about.
	raceAB = `addresses A B => report CONNECTING; connect A; start timer
		A CONNECTING
`
	retryAB = raceAB + `A TRANSIENT_FAILURE => connect B
		B CONNECTING
		B TRANSIENT_FAILURE => report TRANSIENT_FAILURE (connect to 2 addresses: A: A refused; B: B refused)
`
	chosenA = raceAB + `A READY => report READY A
`
	idleA = chosenA + `A IDLE => report IDLE
`
	gatedA = `gate on
		addresses A B => report CONNECTING; connect A; start timer
		A CONNECTING
		A READY => watch health of A
`
)

var machineScripts = map[string]string{
	"waiting, resolver error": `resolver error => report TRANSIENT_FAILURE (name resolver error: resolver down)
		resolver error => report TRANSIENT_FAILURE (name resolver error: resolver down)
		addresses A => report CONNECTING; connect A`,
	"waiting, no addresses": `addresses => report TRANSIENT_FAILURE (name resolver error: produced zero addresses)
		addresses A B => report CONNECTING; connect A; start timer`,
	"waiting ignores the timer and exit idle": `delay over
		exit idle`,

	"racing, the newest attempt fails": raceAB + `A TRANSIENT_FAILURE => connect B`,
	"racing, the delay is over": raceAB + `delay over => connect B
		delay over`,
	"racing, an overtaken attempt fails": `addresses A B C => report CONNECTING; connect A; start timer
		A CONNECTING
		delay over => connect B; start timer
		B CONNECTING
		A TRANSIENT_FAILURE
		B TRANSIENT_FAILURE => connect C
		C CONNECTING
		C TRANSIENT_FAILURE => report TRANSIENT_FAILURE (connect to 3 addresses: A: A refused; B: B refused; C: C refused)`,
	"racing, a late winner": raceAB + `delay over => connect B
		B CONNECTING
		A READY => report READY A; shut down B
		B READY`,
	"racing, a backoff is over before the pass": `addresses A B => report CONNECTING; connect A; start timer
		A CONNECTING
		A TRANSIENT_FAILURE => connect B
		B CONNECTING
		A IDLE
		B TRANSIENT_FAILURE => report TRANSIENT_FAILURE (connect to 2 addresses: A: A refused; B: B refused); connect A`,
	"racing, a connection made and lost at once": raceAB + `A IDLE => report IDLE
		exit idle => report CONNECTING; connect A; start timer`,
	"racing, made and lost at once drops the others": raceAB + `delay over => connect B
		B CONNECTING
		A IDLE => report IDLE; shut down B`,
	"racing, new addresses that keep an attempt": raceAB + `addresses B A => report CONNECTING; connect B; start timer
		B CONNECTING
		delay over
		A TRANSIENT_FAILURE
		B TRANSIENT_FAILURE => report TRANSIENT_FAILURE (connect to 2 addresses: B: B refused; A: A refused)`,
	"racing, new addresses that drop the attempt": raceAB + `addresses C => report CONNECTING; connect C; shut down A
		A READY
		A TRANSIENT_FAILURE`,
	"racing, an address in backoff is passed over": raceAB + `A TRANSIENT_FAILURE => connect B
		B CONNECTING
		addresses A B C => report CONNECTING; start timer
		delay over => connect C`,
	"racing, all addresses already in backoff": raceAB + `A TRANSIENT_FAILURE => connect B
		B CONNECTING
		addresses A => report CONNECTING; report TRANSIENT_FAILURE (connect to A: A refused); shut down B
		A IDLE => connect A`,
	"racing, resolver error": raceAB + `resolver error
		A TRANSIENT_FAILURE => connect B
		B CONNECTING
		B TRANSIENT_FAILURE => report TRANSIENT_FAILURE (connect to 2 addresses: A: A refused; B: B refused; last resolver error: resolver down)`,
	"racing, no addresses": raceAB + `addresses => report TRANSIENT_FAILURE (name resolver error: produced zero addresses); shut down A
		A READY`,
	"racing ignores exit idle": raceAB + `exit idle`,
	"racing, a failure of the last pass does not end this one": retryAB + `A IDLE => connect A
		A CONNECTING
		B IDLE => connect B
		B CONNECTING
		addresses B A => start timer
		delay over
		A TRANSIENT_FAILURE
		B TRANSIENT_FAILURE => report TRANSIENT_FAILURE (connect to 2 addresses: B: B refused; A: A refused)`,
	"racing, what an earlier list began may fail before its turn": raceAB + `addresses B A C => report CONNECTING; connect B; start timer
		A TRANSIENT_FAILURE
		B CONNECTING
		delay over => connect C`,

	"racing, the same list goes on": raceAB + `addresses A B => report CONNECTING
		delay over => connect B
		B CONNECTING
		addresses A B => report CONNECTING
		B TRANSIENT_FAILURE
		addresses A B => report CONNECTING
		A TRANSIENT_FAILURE => report TRANSIENT_FAILURE (connect to 2 addresses: A: A refused; B: B refused)`,
	"racing, a list that differs where nothing has begun goes on": raceAB + `addresses A C D => report CONNECTING
		addresses A D C => report CONNECTING
		delay over => connect D; start timer
		D CONNECTING
		addresses A D B => report CONNECTING
		delay over => connect B`,
	"racing, a list that ends with the newest attempt goes on": raceAB + `addresses A => report CONNECTING
		delay over
		A TRANSIENT_FAILURE => report TRANSIENT_FAILURE (connect to A: A refused)`,
	"racing, a list that grows behind the last attempt goes on": `addresses A => report CONNECTING; connect A
		addresses A B => report CONNECTING; start timer
		addresses A B C => report CONNECTING
		delay over => connect B; start timer`,
	"racing, a list that grows when the last attempt has failed goes on": raceAB + `delay over => connect B
		B CONNECTING
		B TRANSIENT_FAILURE
		addresses A B C D => report CONNECTING; connect C; start timer
		C TRANSIENT_FAILURE => connect D
		D TRANSIENT_FAILURE
		A TRANSIENT_FAILURE => report TRANSIENT_FAILURE (connect to 4 addresses: (1 more); B: B refused; C: C refused; D: D refused)`,
	"racing, what an earlier list began can leave while the pass goes on": raceAB + `addresses B A => report CONNECTING; connect B; start timer
		addresses B C => report CONNECTING; shut down A
		delay over => connect C`,
	"racing, begun addresses in another order are a new pass": raceAB + `delay over => connect B
		B CONNECTING
		addresses B A => report CONNECTING; start timer`,
	"racing, without a begun address there is a new pass": `addresses A B C => report CONNECTING; connect A; start timer
		A CONNECTING
		delay over => connect B; start timer
		addresses A C => report CONNECTING; start timer; shut down B
		delay over => connect C`,
	"racing, a list that goes on in TRANSIENT_FAILURE": retryAB + `addresses C D => connect C; start timer; shut down A; shut down B
		addresses C D
		delay over => connect D`,
	"racing, the same list turns the health gate on": raceAB + `gate on
		addresses A B => report CONNECTING
		A READY => watch health of A`,
	"racing, what was refused is asked for again": `refuse A
		addresses A B C => report CONNECTING; refuse A; start timer; connect B; start timer
		B CONNECTING
		addresses A B C => report CONNECTING; refuse A
		delay over => connect C
		refuse
		addresses A B C => report CONNECTING; connect A
		addresses A B C => report CONNECTING
		B TRANSIENT_FAILURE
		C TRANSIENT_FAILURE
		A TRANSIENT_FAILURE => report TRANSIENT_FAILURE (connect to 3 addresses: A: A refused; B: B refused; C: C refused)`,

	"retrying, each reconnects after its backoff": retryAB + `A IDLE => connect A
		A CONNECTING
		B IDLE => connect B`,
	"retrying, the error is refreshed after each round": retryAB + `A IDLE => connect A
		A TRANSIENT_FAILURE
		A IDLE => connect A
		A TRANSIENT_FAILURE => report TRANSIENT_FAILURE (connect to 2 addresses: A: A refused; B: B refused)
		B IDLE => connect B
		B TRANSIENT_FAILURE
		A IDLE => connect A
		A TRANSIENT_FAILURE => report TRANSIENT_FAILURE (connect to 2 addresses: A: A refused; B: B refused)`,
	"retrying, the same list goes on": retryAB + `A IDLE => connect A
		A CONNECTING
		addresses A B => report TRANSIENT_FAILURE (connect to 2 addresses: A: A refused; B: B refused)
		B IDLE => connect B
		B TRANSIENT_FAILURE
		addresses A B => report TRANSIENT_FAILURE (connect to 2 addresses: A: A refused; B: B refused)
		B IDLE => connect B
		B TRANSIENT_FAILURE => report TRANSIENT_FAILURE (connect to 2 addresses: A: A refused; B: B refused)`,
	"retrying, the same list in backoff starts a new round": retryAB + `A IDLE => connect A
		A TRANSIENT_FAILURE
		addresses A B => report TRANSIENT_FAILURE (connect to 2 addresses: A: A refused; B: B refused)
		A IDLE => connect A
		A TRANSIENT_FAILURE
		A IDLE => connect A
		A TRANSIENT_FAILURE => report TRANSIENT_FAILURE (connect to 2 addresses: A: A refused; B: B refused)`,
	"retrying, a longer list is a new pass": retryAB + `A IDLE => connect A
		A CONNECTING
		addresses A B C => start timer
		delay over => connect C`,
	"retrying, what was refused is asked for again": `refuse A
		addresses A B => report CONNECTING; refuse A; start timer; connect B
		B TRANSIENT_FAILURE => report TRANSIENT_FAILURE (connect to 2 addresses: A: no SubConn; B: B refused)
		B IDLE => connect B
		refuse
		addresses A B => report TRANSIENT_FAILURE (connect to 2 addresses: A: no SubConn; B: B refused); connect A
		A TRANSIENT_FAILURE
		A IDLE => connect A
		B TRANSIENT_FAILURE => report TRANSIENT_FAILURE (connect to 2 addresses: A: A refused; B: B refused)`,
	"retrying, all that were refused are asked for again": `refuse A B
		addresses A B => report CONNECTING; refuse A; start timer; refuse B; report TRANSIENT_FAILURE (connect to 2 addresses: A: no SubConn; B: no SubConn)
		refuse
		addresses A B => connect A; start timer`,
	"retrying, a new list starts a new round": retryAB + `A IDLE => connect A
		A CONNECTING
		A TRANSIENT_FAILURE
		addresses B A => report TRANSIENT_FAILURE (connect to 2 addresses: B: B refused; A: A refused)
		A IDLE => connect A
		A CONNECTING
		A TRANSIENT_FAILURE
		A IDLE => connect A
		A CONNECTING
		A TRANSIENT_FAILURE => report TRANSIENT_FAILURE (connect to 2 addresses: B: B refused; A: A refused)`,
	"retrying, a good update ends the resolver's error": retryAB + `resolver error => report TRANSIENT_FAILURE (connect to 2 addresses: A: A refused; B: B refused; last resolver error: resolver down)
		addresses A B => report TRANSIENT_FAILURE (connect to 2 addresses: A: A refused; B: B refused)
		A IDLE => connect A
		resolver error => report TRANSIENT_FAILURE (connect to 2 addresses: A: A refused; B: B refused; last resolver error: resolver down)
		addresses A B => report TRANSIENT_FAILURE (connect to 2 addresses: A: A refused; B: B refused)`,
	"retrying, one becomes ready": retryAB + `B IDLE => connect B
		B CONNECTING
		B READY => report READY B; shut down A`,
	"retrying, new addresses stay in TRANSIENT_FAILURE": retryAB + `addresses C => connect C; shut down A; shut down B
		C CONNECTING
		resolver error => report TRANSIENT_FAILURE (connect to new addresses: no attempt has ended yet; last resolver error: resolver down)
		addresses C D => start timer
		C READY => report READY C`,
	"retrying, a connection made and lost at once": retryAB + `A IDLE => connect A
		A CONNECTING
		A IDLE => report IDLE; shut down B`,
	"retrying, resolver error": retryAB + `resolver error => report TRANSIENT_FAILURE (connect to 2 addresses: A: A refused; B: B refused; last resolver error: resolver down)`,
	"retrying ignores exit idle and the timer": retryAB + `exit idle
		delay over`,

	"chosen, still listed": chosenA + `addresses B A
		addresses A
		A IDLE => report IDLE`,
	"chosen, no longer listed": chosenA + `addresses B C => report CONNECTING; connect B; start timer; shut down A
		A IDLE`,
	"chosen, lost":           chosenA + `A IDLE => report IDLE`,
	"chosen, fails":          chosenA + `A TRANSIENT_FAILURE => report IDLE`,
	"chosen, resolver error": chosenA + `resolver error`,
	"chosen, no addresses":   chosenA + `addresses => report TRANSIENT_FAILURE (name resolver error: produced zero addresses); shut down A`,
	"chosen ignores exit idle and the timer": chosenA + `exit idle
		delay over`,

	"idle, new addresses are only noted": idleA + `addresses B => shut down A
		exit idle => report CONNECTING; connect B`,
	"idle, the subchannel is used again": idleA + `exit idle => report CONNECTING; connect A; start timer
		exit idle`,
	"idle, the first address is tried first": raceAB + `A TRANSIENT_FAILURE => connect B
		B CONNECTING
		B READY => report READY B; shut down A
		B IDLE => report IDLE
		exit idle => report CONNECTING; connect A; start timer
		A CONNECTING
		A TRANSIENT_FAILURE => connect B`,
	"idle, no addresses":   idleA + `addresses => report TRANSIENT_FAILURE (name resolver error: produced zero addresses); shut down A`,
	"idle, resolver error": idleA + `resolver error`,

	"health gate, healthy": gatedA + `health A CONNECTING
		health A READY => report READY A
		health A READY`,
	"health gate, sick and well again": gatedA + `health A READY => report READY A
		health A TRANSIENT_FAILURE => report TRANSIENT_FAILURE (check health of A: sick)
		resolver error => report TRANSIENT_FAILURE (check health of A: sick; last resolver error: resolver down)
		health A CONNECTING => report CONNECTING
		health A READY => report READY A`,
	"health gate, lost while sick": gatedA + `health A TRANSIENT_FAILURE => report TRANSIENT_FAILURE (check health of A: sick)
		A IDLE => report IDLE
		health A READY`,
	"health gate, sickness is not sticky": gatedA + `health A TRANSIENT_FAILURE => report TRANSIENT_FAILURE (check health of A: sick)
		addresses B => report CONNECTING; connect B; shut down A`,
	"health gate, a connection ends the stickiness": retryAB + `gate on
		addresses A B => report TRANSIENT_FAILURE (connect to 2 addresses: A: A refused; B: B refused)
		B IDLE => connect B
		A IDLE => connect A
		A CONNECTING
		A READY => report CONNECTING; watch health of A; shut down B`,
	"health gate, turned on while connected": chosenA + `gate on
		addresses A
		A IDLE => report IDLE
		exit idle => report CONNECTING; connect A
		A CONNECTING
		A READY => watch health of A`,

	"health gate, turned off": gatedA + `gate off
		addresses A
		A IDLE => report IDLE
		exit idle => report CONNECTING; connect A
		A CONNECTING
		A READY => report READY A`,
	"health gate, updates of another connection do not count": gatedA + `A IDLE => report IDLE
		addresses B => shut down A
		exit idle => report CONNECTING; connect B
		B CONNECTING
		B READY => watch health of B
		health A READY`,

	"close while waiting": `close
		resolver error
		addresses A`,
	"close while racing": raceAB + `close => shut down A
		A READY
		delay over`,
	"close while retrying": retryAB + `close => shut down A; shut down B
		A IDLE
		resolver error
		addresses A B`,
	"close while chosen": chosenA + `close => shut down A
		A IDLE
		exit idle`,
	"close while idle": idleA + `close => shut down A
		exit idle`,
}

func TestErrorTellsOfTheLastThreeAddresses(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	s.do("addresses A B C D E")
	var got string
	for _, addr := range []string{"A", "B", "C", "D", "E"} {
		s.do(addr + " CONNECTING")
		got = s.do(addr + " TRANSIENT_FAILURE")
	}
	want := "report TRANSIENT_FAILURE (connect to 5 addresses: (2 more); C: C refused; D: D refused; E: E refused)"
	if got != want {
		t.Errorf("after the last failure:\n got %q\nwant %q", got, want)
	}
}
