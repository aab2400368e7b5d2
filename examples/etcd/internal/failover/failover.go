// Package failover kills the leader of an etcd cluster under load and starts it again. It
// checks that nothing is lost.
package failover

import (
	"context"
	"fmt"
	"io"

	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"

	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/cluster"
	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/metered"
	"github.com/grpc-balancer2/balancer2/examples/internal/series"
)

// Report is the result of a failover.
type Report struct {
	Killed *cluster.Member

	Steady, Gone, Down, Back series.Policy // after each step; Gone is when the client noticed the loss

	SteadyTally, Tally Tally
	Kept               map[string]string // what the killed member holds at the end

	PinnedBefore series.Policy      // of a client that expects the killed member's name from all
	Pinned       metered.PutFailure // of that client while the member is down
}

// callsPerStep is the number of calls that must succeed before the next step.
const callsPerStep = 300

// failover is a running failover.
type failover struct {
	client  *metered.Client
	cluster *cluster.Cluster
	out     io.Writer
	calls   counter
	report  Report
}

// Run spreads puts and gets over the cluster, kills the leader, starts it again,
// and reads back all acknowledged puts.
func Run(ctx context.Context, out io.Writer, c *cluster.Cluster) (*Report, error) {
	leader, err := c.Leader(ctx)
	if err != nil {
		return nil, err
	}
	client, err := metered.Connect(ctx, c.Endpoints(), len(c.Members))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	// Its endpoints have no names, so it needs WithAuthority.
	pinned, err := metered.Connect(ctx, c.AddressEndpoints(), 1, grpc.WithAuthority(leader.Name()))
	if err != nil {
		return nil, err
	}
	defer pinned.Close()

	f := &failover{client: client, cluster: c, out: out, report: Report{Killed: leader}}
	for _, step := range []func() error{
		func() error { return f.steady(ctx) },
		func() error { return f.killLeader(ctx, pinned) },
		func() error { return f.verify(ctx) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return &f.report, nil
}

// steady sends calls while all members serve.
func (f *failover) steady(ctx context.Context) error {
	load := f.startLoad(ctx)
	err := f.awaitCalls(ctx)
	load.Stop()
	if err != nil {
		return err
	}
	f.report.SteadyTally = f.calls.snapshot()
	return f.show("all members serve", &f.report.Steady)
}

// killLeader kills the leader under load and starts it again.
func (f *failover) killLeader(ctx context.Context, pinned *metered.Client) error {
	var err error
	if f.report.PinnedBefore, err = pinned.Series(); err != nil {
		return err
	}
	load := f.startLoad(ctx)
	defer load.Stop()
	killed := f.report.Killed
	if err := killed.Kill(); err != nil {
		return err
	}
	if err := f.client.AwaitSubchannels(ctx, killed.Backend(), 0); err != nil {
		return err
	}
	if f.report.Gone, err = f.client.Series(); err != nil {
		return err
	}
	if err := f.awaitCalls(ctx); err != nil {
		return err
	}
	if err := f.show("killed: "+killed.Backend()+", which led", &f.report.Down); err != nil {
		return err
	}
	if err := f.tryPinned(ctx, pinned); err != nil {
		return err
	}
	if err := f.revive(ctx); err != nil {
		return err
	}
	load.Stop()
	f.report.Tally = f.calls.snapshot()
	return f.show("back: "+killed.Backend(), &f.report.Back)
}

// revive starts the killed member again and waits until it gets its share of the calls.
func (f *failover) revive(ctx context.Context) error {
	killed := f.report.Killed
	if err := killed.Start(); err != nil {
		return err
	}
	if err := f.client.AwaitSubchannels(ctx, killed.Backend(), 1); err != nil {
		return err
	}
	return f.awaitCalls(ctx)
}

// tryPinned sends a put with the client that expects the dead member's name.
func (f *failover) tryPinned(ctx context.Context, pinned *metered.Client) error {
	failure, err := pinned.FailingPut(ctx)
	if err != nil {
		return err
	}
	f.report.Pinned = failure
	fmt.Fprintf(f.out, "\nmeanwhile a client of the IP addresses, with grpc.WithAuthority(%q):\n", f.report.Killed.Name())
	failure.Write(f.out, f.cluster.AddressBackends())
	return nil
}

// verify reads all keys from the member that was killed.
func (f *failover) verify(ctx context.Context) error {
	if err := f.report.Killed.WaitServing(ctx); err != nil {
		return err
	}
	client, err := metered.Connect(ctx, []string{f.report.Killed.Endpoint()}, 1)
	if err != nil {
		return err
	}
	defer client.Close()
	response, err := client.Get(ctx, keyPrefix, clientv3.WithPrefix())
	if err != nil {
		return fmt.Errorf("read all keys back: %w", err)
	}
	f.report.Kept = make(map[string]string)
	for _, kv := range response.Kvs {
		f.report.Kept[string(kv.Key)] = string(kv.Value)
	}
	t := f.report.Tally
	fmt.Fprintf(f.out, "\nputs acknowledged: %d, of these lost: %d, gets: %d, wrong: %d, calls failed: %d\n",
		len(t.Acked), len(f.report.Lost()), t.Reads, len(t.Stale), len(t.Errs))
	if len(t.Errs) > 0 {
		fmt.Fprintf(f.out, "the first: %v\n", t.Errs[0])
	}
	return nil
}

// Lost returns the keys whose puts were acknowledged but which are missing or wrong.
func (r *Report) Lost() []string {
	var lost []string
	for key, value := range r.Tally.Acked {
		if kept, ok := r.Kept[key]; !ok || kept != value {
			lost = append(lost, key)
		}
	}
	return lost
}
