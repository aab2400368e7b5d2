package scenario

import (
	"context"
	"maps"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/examples/load_balancing/echo"
)

const (
	workers    = 4
	pause      = 10 * time.Millisecond // between the RPCs of a worker
	rpcTimeout = 5 * time.Second
)

// load is RPCs that go on all the time, and how they ended.
type load struct {
	client echo.EchoClient
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu     sync.Mutex // guards what follows
	codes  map[codes.Code]int
	errors map[codes.Code]error // the last one of each
}

func startLoad(ctx context.Context, conn grpc.ClientConnInterface) *load {
	ctx, cancel := context.WithCancel(ctx)
	l := &load{
		client: echo.NewEchoClient(conn),
		cancel: cancel,
		codes:  make(map[codes.Code]int),
		errors: make(map[codes.Code]error),
	}
	for range workers {
		l.done.Go(func() { l.work(ctx) })
	}
	return l
}

func (l *load) work(ctx context.Context) {
	pace := time.NewTicker(pause)
	defer pace.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-pace.C:
			l.call(context.WithoutCancel(ctx))
		}
	}
}

// call makes one RPC. Its context outlives the load, so that the last ones end
// as the others do.
func (l *load) call(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, rpcTimeout)
	defer cancel()
	_, err := l.client.UnaryEcho(ctx, &echo.EchoRequest{})
	code := status.Code(err)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.codes[code]++
	if err != nil {
		l.errors[code] = err
	}
}

// stop ends the load and waits for the RPCs under way. It may be called again.
func (l *load) stop() {
	l.cancel()
	l.done.Wait()
}

// results returns how the RPCs ended until now.
func (l *load) results() (map[codes.Code]int, map[codes.Code]error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.codes), maps.Clone(l.errors)
}
