package scenario

import (
	"context"
	"fmt"
	"time"
)

const (
	keyPrefix   = "example/"
	workers     = 4
	interval    = 10 * time.Millisecond
	callTimeout = 10 * time.Second // longer than an election
)

// startLoad puts keys, each a new one, and gets those that were acknowledged.
func (f *failover) startLoad(ctx context.Context) *load {
	since := time.Now().UnixNano()
	return startLoad(workers, interval, func(n int) {
		f.putAndGet(ctx, fmt.Sprintf("%s%d/%d", keyPrefix, since, n), fmt.Sprint("value of ", n))
	})
}

func (f *failover) putAndGet(ctx context.Context, key, value string) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := f.Put(ctx, key, value)
	f.notes.put(key, value, err)
	if err != nil {
		return
	}
	response, err := f.Get(ctx, key)
	right := err == nil && len(response.Kvs) == 1 && string(response.Kvs[0].Value) == value
	f.notes.get(key, right, err)
}

// awaitCalls waits until an act's worth of calls have succeeded from now on.
func (f *failover) awaitCalls(ctx context.Context) error {
	from := f.notes.snapshot().Calls()
	return await(ctx, fmt.Sprintf("%d more calls succeed", callsPerAct), func() (bool, error) {
		return f.notes.snapshot().Calls() >= from+callsPerAct, nil
	})
}

// show keeps what the metrics say now and writes it.
func (f *failover) show(title string, to *View) error {
	view, err := f.look()
	if err != nil {
		return err
	}
	*to = view
	fmt.Fprintf(f.out, "\n%s\n", title)
	view.write(f.out)
	return nil
}
