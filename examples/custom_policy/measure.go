package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"

	"github.com/grpc-balancer2/balancer2/examples/internal/load"
	"github.com/grpc-balancer2/balancer2/examples/load_balancing/echo"
)

// result is the result of the load.
type result struct {
	rpcs     int           // that the callers sent
	took     time.Duration // sum of the RPCs' latencies
	byServer []int         // RPCs that each server answered
}

func (r result) mean() time.Duration { return r.took / time.Duration(max(r.rpcs, 1)) }
func (r result) share(server int) float64 {
	return float64(r.byServer[server]) / float64(max(r.rpcs, 1))
}

// measure starts a server for each latency. Then several callers send RPCs through one
// channel for the duration, each one after another.
func measure(ctx context.Context, policy string, latencies []time.Duration, callers int, d time.Duration) (result, error) {
	servers, err := startServers(latencies)
	defer servers.stop()
	if err != nil {
		return result{}, err
	}
	r := manual.NewBuilderWithScheme("custom")
	r.InitialState(resolver.State{Endpoints: servers.endpoints()})
	conn, err := grpc.NewClient(r.Scheme()+":///servers",
		grpc.WithResolvers(r),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(fmt.Sprintf(`{"loadBalancingConfig": [{%q: {}}]}`, policy)))
	if err != nil {
		return result{}, err
	}
	defer conn.Close()
	total, err := call(ctx, echo.NewEchoClient(conn), callers, d)
	total.byServer = servers.served()
	return total, err
}

// call sends RPCs for the duration. It stops at the first failure.
func call(ctx context.Context, client echo.EchoClient, callers int, d time.Duration) (result, error) {
	during, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	var tally load.Tally
	var took atomic.Int64
	load.Start(during, load.Config{Workers: callers}, func(int) {
		start := time.Now()
		_, err := client.UnaryEcho(ctx, new(echo.EchoRequest))
		took.Add(int64(time.Since(start)))
		tally.Add("", err)
		if err != nil {
			cancel()
		}
	}).Wait()
	counts := tally.Counts()
	err := counts.LastErr
	if err == nil {
		err = ctx.Err()
	}
	return result{rpcs: counts.Total(), took: time.Duration(took.Load())}, err
}
