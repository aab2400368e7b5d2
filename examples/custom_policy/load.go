package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/protobuf/types/known/emptypb"
)

// result is what came of the load.
type result struct {
	rpcs     int
	took     time.Duration // all RPCs together
	byServer []int
}

func (r result) mean() time.Duration { return r.took / time.Duration(max(r.rpcs, 1)) }
func (r result) share(server int) float64 {
	return float64(r.byServer[server]) / float64(max(r.rpcs, 1))
}

// measure starts a server for each latency and has callers send RPCs through one
// channel, each as soon as its last one has ended.
func measure(ctx context.Context, policy string, latencies []time.Duration, callers int, d time.Duration) (result, error) {
	servers, err := startServers(latencies)
	defer servers.stop()
	if err != nil {
		return result{}, err
	}
	r := manual.NewBuilderWithScheme("custom")
	r.InitialState(resolver.State{Endpoints: servers.endpoints})
	conn, err := grpc.NewClient(r.Scheme()+":///servers",
		grpc.WithResolvers(r),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(fmt.Sprintf(`{"loadBalancingConfig": [{%q: {}}]}`, policy)))
	if err != nil {
		return result{}, err
	}
	defer conn.Close()

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	end := time.Now().Add(d)
	results, errs := make([]result, callers), make([]error, callers)
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() { results[i], errs[i] = call(ctx, conn, end) })
	}
	all.Wait()
	total := result{byServer: servers.counts()}
	for _, r := range results {
		total.rpcs += r.rpcs
		total.took += r.took
	}
	return total, errors.Join(errs...)
}

// call sends one RPC after the other until the end, or the first failure.
func call(ctx context.Context, conn *grpc.ClientConn, end time.Time) (r result, err error) {
	for time.Now().Before(end) && err == nil {
		start := time.Now()
		err = conn.Invoke(ctx, "/custom/Wait", new(emptypb.Empty), new(emptypb.Empty))
		r.rpcs++
		r.took += time.Since(start)
	}
	return r, err
}
