// Package scenario runs the example: a control plane, four backends and a client
// under load, while endpoints come, go, get sick and recover.
package scenario

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/xds"

	_ "github.com/grpc-balancer2/balancer2/balancer" // registers round_robin2, which xDS finds by name
	"github.com/grpc-balancer2/balancer2/examples/internal/ports"
	"github.com/grpc-balancer2/balancer2/examples/xds/internal/backend"
	"github.com/grpc-balancer2/balancer2/examples/xds/internal/controlplane"
)

// Policy is the policy that the control plane selects.
const Policy = "round_robin2"

// EjectionTime is how long an endpoint stays ejected: long enough to see it on a
// machine that is busy with other things.
const EjectionTime = 10 * time.Second

// service is what the control plane describes under the name.
func service(name string) controlplane.Service {
	return controlplane.Service{
		Name:         name,
		Policy:       Policy,
		PolicyConfig: map[string]any{"metrics": map[string]any{"latency": true}},
		OutlierDetection: controlplane.OutlierDetection{
			Interval:      500 * time.Millisecond,
			EjectionTime:  EjectionTime,
			MinimumHosts:  3,
			RequestVolume: 3,
		},
	}
}

// world is all that runs.
type world struct {
	out      io.Writer
	target   string
	service  controlplane.Service
	plane    *controlplane.Server
	refused  error // by the client, of what control planes before this one sent
	backends []*backend.Backend
	listed   map[*backend.Backend]bool // what the control plane tells of
	conn     *grpc.ClientConn
	load     *load
	report   Report
}

// Run runs the example for xds:///NAME and prints what is to be seen. Series in
// the default registry are told apart by the name, so that each run needs its
// own. The error says what did not come about.
func Run(ctx context.Context, name string, out io.Writer) (report Report, err error) {
	w := &world{out: out, target: "xds:///" + name, service: service(name), listed: make(map[*backend.Backend]bool)}
	defer w.stop()
	if err := w.start(ctx); err != nil {
		return Report{}, err
	}
	err = w.play(ctx)
	return w.report, errors.Join(err, w.refused, w.plane.Refused())
}

func (w *world) start(ctx context.Context) error {
	addrs, err := ports.Free(1)
	if err != nil {
		return err
	}
	if w.plane, err = controlplane.Start(addrs[0], w.service); err != nil {
		return err
	}
	for _, b := range []struct{ name, zone string }{{"b1", "zone-a"}, {"b2", "zone-a"}, {"b3", "zone-b"}, {"b4", "zone-b"}} {
		started, err := backend.Start(b.name, b.zone)
		if err != nil {
			return err
		}
		w.backends = append(w.backends, started)
	}
	// This resolver stands for the one that gRPC registers for xds:///, which
	// reads GRPC_XDS_BOOTSTRAP_CONFIG once in a process.
	resolver, err := xds.NewXDSResolverWithConfigForTesting(w.plane.Bootstrap())
	if err != nil {
		return fmt.Errorf("make xDS resolver: %w", err)
	}
	w.conn, err = grpc.NewClient(w.target, grpc.WithResolvers(resolver),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return fmt.Errorf("make channel: %w", err)
	}
	w.load = startLoad(ctx, w.conn)
	fmt.Fprintf(w.out, "control plane on %s, channel %s, %d RPCs per second at most\n", w.plane.Addr(), w.target, workers*int(time.Second/pause))
	return nil
}

func (w *world) stop() {
	if w.load != nil {
		w.load.stop()
	}
	if w.conn != nil {
		w.conn.Close()
	}
	for _, b := range w.backends {
		b.Stop()
	}
	if w.plane != nil {
		w.plane.Stop()
	}
}

// list has the control plane tell clients of these backends, and no others. The
// two zones have equal weight, however many endpoints are in them.
func (w *world) list(ctx context.Context, backends ...*backend.Backend) error {
	clear(w.listed)
	zones := make(map[string][]netip.AddrPort)
	for _, b := range backends {
		w.listed[b] = true
		zones[b.Zone] = append(zones[b.Zone], b.Addr())
	}
	var localities []controlplane.Locality
	for _, zone := range []string{"zone-a", "zone-b"} {
		if endpoints := zones[zone]; endpoints != nil {
			localities = append(localities, controlplane.Locality{Zone: zone, Weight: 1, Endpoints: endpoints})
		}
	}
	return w.plane.SetEndpoints(ctx, localities...)
}

// view reads the metrics of the channel, as a scrape would.
func (w *world) view() (View, error) {
	return gather(prometheus.DefaultGatherer, w.target, Policy)
}
