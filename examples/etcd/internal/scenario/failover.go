package scenario

import (
	"context"
	"fmt"
	"io"

	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"

	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/cluster"
)

// FailoverReport is what the failover came to.
type FailoverReport struct {
	Killed *cluster.Member

	Steady, Gone, Down, Back View // after each act; Gone is when the loss was noticed

	SteadyTally, Tally Tally
	Kept               map[string]string // what the killed member holds at the end

	PinnedBefore View       // of a client that wants the killed member's name of all
	Pinned       PutFailure // of that client while the member is down
}

// callsPerAct is how many calls must succeed before the next act.
const callsPerAct = 300

// failover is the scenario while it runs.
type failover struct {
	*watched
	cluster *cluster.Cluster
	out     io.Writer
	notes   notes
	report  FailoverReport
}

// Failover spreads puts and gets over the cluster, kills the leader, starts it
// again, and reads back all that was acknowledged.
func Failover(ctx context.Context, out io.Writer, c *cluster.Cluster) (*FailoverReport, error) {
	leader, err := c.Leader(ctx)
	if err != nil {
		return nil, err
	}
	client, err := connect(ctx, c.Endpoints(), len(c.Members))
	if err != nil {
		return nil, err
	}
	defer client.close()
	// Its endpoints are addresses, so that it must be told a name.
	pinned, err := connect(ctx, c.AddressEndpoints(), 1, grpc.WithAuthority(leader.Name()))
	if err != nil {
		return nil, err
	}
	defer pinned.close()

	f := &failover{watched: client, cluster: c, out: out, report: FailoverReport{Killed: leader}}
	f.notes.tally.Acked = make(map[string]string)
	for _, act := range []func() error{
		func() error { return f.steady(ctx) },
		func() error { return f.failover(ctx, pinned) },
		func() error { return f.verify(ctx) },
	} {
		if err := act(); err != nil {
			return nil, err
		}
	}
	return &f.report, nil
}

// steady has all members at work.
func (f *failover) steady(ctx context.Context) error {
	load := f.startLoad(ctx)
	err := f.awaitCalls(ctx)
	load.stop()
	if err != nil {
		return err
	}
	f.report.SteadyTally = f.notes.snapshot()
	return f.show("all members serve", &f.report.Steady)
}

// failover kills the leader under load and starts it again.
func (f *failover) failover(ctx context.Context, pinned *watched) error {
	var err error
	if f.report.PinnedBefore, err = pinned.look(); err != nil {
		return err
	}
	load := f.startLoad(ctx)
	defer load.stop() // stopping twice does no harm
	killed := f.report.Killed
	if err := killed.Kill(); err != nil {
		return err
	}
	if err := f.awaitReady(ctx, killed.Backend(), 0); err != nil {
		return err
	}
	if f.report.Gone, err = f.look(); err != nil {
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
	load.stop()
	f.report.Tally = f.notes.snapshot()
	return f.show("back: "+killed.Backend(), &f.report.Back)
}

// revive starts the killed member again and waits until it takes its share.
func (f *failover) revive(ctx context.Context) error {
	killed := f.report.Killed
	if err := killed.Start(); err != nil {
		return err
	}
	if err := f.awaitReady(ctx, killed.Backend(), 1); err != nil {
		return err
	}
	return f.awaitCalls(ctx)
}

// tryPinned does a put with the client that accepts only the dead member's name.
func (f *failover) tryPinned(ctx context.Context, pinned *watched) error {
	failure, err := failingPut(ctx, pinned)
	if err != nil {
		return err
	}
	f.report.Pinned = failure
	fmt.Fprintf(f.out, "\nmeanwhile a client of the IP addresses, with grpc.WithAuthority(%q):\n", f.report.Killed.Name())
	failure.write(f.out, f.cluster.AddressBackends())
	return nil
}

// verify asks the member that was killed for all keys.
func (f *failover) verify(ctx context.Context) error {
	if err := f.report.Killed.WaitServing(ctx); err != nil {
		return err
	}
	client, err := connect(ctx, []string{f.report.Killed.Endpoint()}, 1)
	if err != nil {
		return err
	}
	defer client.close()
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

// Lost returns the keys that were acknowledged and are not there.
func (r *FailoverReport) Lost() []string {
	var lost []string
	for key, value := range r.Tally.Acked {
		if kept, ok := r.Kept[key]; !ok || kept != value {
			lost = append(lost, key)
		}
	}
	return lost
}
