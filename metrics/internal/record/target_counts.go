package record

import (
	"time"

	"google.golang.org/grpc/connectivity"

	"github.com/grpc-balancer2/balancer2/metrics/internal/events"
	"github.com/grpc-balancer2/balancer2/metrics/internal/waits"
)

// CountDelayedPick counts a pick that has to wait for a picker.
func (t *Target) CountDelayedPick() { t.delayed.Add(1) }

// CountFailedPick counts a pick that the policy answered with an error.
func (t *Target) CountFailedPick() { t.failed.Add(1) }

// CountPicker counts a picker that the policy published.
func (t *Target) CountPicker() { t.pickerUpdates.Add(1) }

// CountUpdate counts a resolver update that the policy took or, with an error, did not.
func (t *Target) CountUpdate(err error) {
	if err != nil {
		t.rejected.Add(1)
	} else {
		t.accepted.Add(1)
	}
}

// CountResolverError counts an error of the resolver.
func (t *Target) CountResolverError() { t.resolverErrors.Add(1) }

// AddSubchannel counts a subchannel in the state, which must be one of IDLE, CONNECTING,
// READY and TRANSIENT_FAILURE, and RemoveSubchannel stops counting it.
func (t *Target) AddSubchannel(s connectivity.State) { t.subchannels[s].Add(1) }

// RemoveSubchannel undoes AddSubchannel.
func (t *Target) RemoveSubchannel(s connectivity.State) { t.subchannels[s].Add(-1) }

// ObserveConnecting counts how long a subchannel took from CONNECTING to READY.
func (t *Target) ObserveConnecting(took time.Duration) { t.connectDuration.Observe(took.Seconds()) }

// AddEvent adds an event to the last ones.
func (t *Target) AddEvent(e events.Event) { t.events.Add(e) }

var _ waits.Target = (*Target)(nil)

// WaitBegins implements [waits.Target].
func (t *Target) WaitBegins() { t.waiting.Add(1) }

// WaitEnds implements [waits.Target].
func (t *Target) WaitEnds() { t.waiting.Add(-1) }

// Delayed implements [waits.Target].
func (t *Target) Delayed(why waits.Reason, waited time.Duration) {
	t.pickDelayOf(why).Observe(waited.Seconds())
}
