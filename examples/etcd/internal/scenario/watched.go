package scenario

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"

	"github.com/grpc-balancer2/balancer2/examples/etcd/internal/etcdclient"
)

// watched is an etcd client with its metrics.
type watched struct {
	*clientv3.Client
	before View // that another client has left, see target
}

// connect makes a client and waits until that many of its members are READY. No
// RPC is sent for it.
func connect(ctx context.Context, endpoints []string, ready int, more ...grpc.DialOption) (*watched, error) {
	client, err := etcdclient.New(endpoints, more...)
	if err != nil {
		return nil, err
	}
	w := &watched{Client: client}
	if w.before, err = w.look(); err != nil {
		w.close()
		return nil, err
	}
	w.ActiveConnection().Connect()
	if err := awaitReadyCount(ctx, w.target(), ready); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

// awaitReadyCount waits until that many backends of the target are READY.
func awaitReadyCount(ctx context.Context, target string, ready int) error {
	return await(ctx, fmt.Sprintf("%d backends of %s are READY", ready, target), func() (bool, error) {
		view, err := look(prometheus.DefaultGatherer, target)
		return view.Ready() == ready, err
	})
}

func (w *watched) close() { _ = w.Close() } // it only says that its context ended

// target is the client's label grpc_target. etcd puts the client's address in
// memory into it, so that a client can find the series of one that is gone.
func (w *watched) target() string { return w.ActiveConnection().CanonicalTarget() }

// look returns what the metrics say of this client.
func (w *watched) look() (View, error) {
	view, err := look(prometheus.DefaultGatherer, w.target())
	return view.Since(w.before), err
}

// awaitReady waits until the backend has that many subchannels READY.
func (w *watched) awaitReady(ctx context.Context, backend string, ready int) error {
	return await(ctx, fmt.Sprintf("%s has %d subchannels READY", backend, ready), func() (bool, error) {
		view, err := w.look()
		return view[backend].Ready == ready, err
	})
}
