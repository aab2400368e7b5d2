package trial

import (
	"context"
	"fmt"

	"github.com/grpc-balancer2/balancer2/examples/anypolicy/internal/policies"
	"github.com/grpc-balancer2/balancer2/examples/internal/load"
)

const (
	// callers is the number of goroutines that send RPCs. Each sends one after another.
	callers = 12
	// users is the number of users. The RPCs are for each of them in turn.
	users = 30
)

// Send sends n RPCs and returns how they ended. It continues when an RPC fails.
func (tr *Trial) Send(ctx context.Context, n int) load.Counts {
	var tally load.Tally
	tr.start(ctx, load.Config{Workers: callers, Calls: n}, &tally).Wait()
	return tally.Counts()
}

// StartLoad sends RPCs until the load is stopped, and counts them in the tally.
func (tr *Trial) StartLoad(ctx context.Context, tally *load.Tally) *load.Load {
	return tr.start(ctx, load.Config{Workers: callers}, tally)
}

func (tr *Trial) start(ctx context.Context, c load.Config, tally *load.Tally) *load.Load {
	return load.Start(ctx, c, func(n int) { tally.Add(tr.Call(ctx, n%users)) })
}

// WarmUp sends RPCs until the policy uses each backend, and if it uses the backends'
// loads, until it knows them.
func (tr *Trial) WarmUp(ctx context.Context) error {
	var tally load.Tally
	for user := range users {
		tally.Add(tr.Call(ctx, user))
	}
	for counts := tally.Counts(); !tr.isWarm(counts); {
		counts = tr.Send(ctx, 60)
		if ctx.Err() != nil {
			return fmt.Errorf("warm up %s: answers of the last RPCs are %v: %w", tr.Name, counts.Answers, ctx.Err())
		}
	}
	return nil
}

func (tr *Trial) isWarm(counts load.Counts) bool {
	switch tr.Policy {
	case policies.PickFirst.Policy, policies.RingHash.Policy:
		return counts.OK() > 0
	case policies.WeightsPerCall.Policy:
		// The loaded server gets a fifth with weights, and a third without.
		return len(counts.Answers) == len(tr.Servers) && counts.Answers[tr.Loaded().Addr]*4 < counts.OK()
	default:
		return len(counts.Answers) == len(tr.Servers)
	}
}
