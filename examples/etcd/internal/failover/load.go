package failover

import (
	"context"
	"fmt"
	"time"

	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/metered"
	"github.com/grpc-balancer2/balancer2/examples/internal/load"
	"github.com/grpc-balancer2/balancer2/examples/internal/series"
	"github.com/grpc-balancer2/balancer2/examples/internal/wait"
)

const (
	keyPrefix   = "example/"
	workers     = 4
	interval    = 10 * time.Millisecond
	callTimeout = 10 * time.Second // longer than an election
)

// startLoad puts new keys, and gets each key whose put was acknowledged.
func (f *failover) startLoad(ctx context.Context) *load.Load {
	since := time.Now().UnixNano()
	return load.Start(ctx, load.Config{Workers: workers, Interval: interval}, func(n int) {
		f.putAndGet(ctx, fmt.Sprintf("%s%d/%d", keyPrefix, since, n), fmt.Sprint("value of ", n))
	})
}

func (f *failover) putAndGet(ctx context.Context, key, value string) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := f.client.Put(ctx, key, value)
	f.calls.put(key, value, err)
	if err != nil {
		return
	}
	response, err := f.client.Get(ctx, key)
	right := err == nil && len(response.Kvs) == 1 && string(response.Kvs[0].Value) == value
	f.calls.get(key, right, err)
}

// awaitCalls waits until another callsPerStep calls have succeeded.
func (f *failover) awaitCalls(ctx context.Context) error {
	from := f.calls.snapshot().Calls()
	return wait.Until(ctx, fmt.Sprintf("%d more calls succeed", callsPerStep), func() (bool, error) {
		return f.calls.snapshot().Calls() >= from+callsPerStep, nil
	})
}

// show reads the current series, keeps them and writes them.
func (f *failover) show(title string, to *series.Policy) error {
	p, err := f.client.Series()
	if err != nil {
		return err
	}
	*to = p
	metered.WriteTable(f.out, title, p)
	return nil
}
