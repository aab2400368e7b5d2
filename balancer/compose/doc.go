// Package compose makes load-balancing policies out of others. [Wrap] puts a policy
// around one child: a circuit breaker, a rate limit, a header for each RPC. [Split] puts
// a policy over several children: one per locality, per version, per priority.
//
// This policy sends the name of the chosen zone to the server. It takes the place of
// round_robin2, and of any other policy:
//
//	type tagger struct{ child balancer.Picker }
//
//	func (t tagger) Pick(info balancer.PickInfo) (balancer.PickResult, error) {
//		res, err := t.child.Pick(info)
//		if err != nil {
//			return res, err
//		}
//		zone := res.SubConn.(*compose.SubConn[metadata.MD]).Data()
//		compose.AddMetadata(&res, zone)
//		return res, nil
//	}
//
//	func newTagger(*compose.Instance) compose.Wrapper[metadata.MD] {
//		return compose.Wrapper[metadata.MD]{
//			Data: func(addrs []resolver.Address) metadata.MD {
//				return metadata.Pairs("zone", zoneOf(addrs[0]))
//			},
//			State: func(child balancer.State) balancer.State {
//				child.Picker = tagger{child.Picker}
//				return child
//			},
//		}
//	}
//
//	func init() {
//		balancer.Register(compose.Wrap("tagged_round_robin", roundrobin2.NewBuilder(), newTagger))
//	}
//
// The examples of [Wrap] and [Split] are complete: a circuit breaker, and a policy per
// locality.
//
// # A pick and its end
//
// The author's picker asks the child's picker. It may
//
//   - return an error before it asks: the child learns nothing of the RPC,
//   - return an error or ask again after it has asked: [Discard] gives the pick back, so
//     that a child that counts RPCs in flight counts right,
//   - add a function that runs at the end of the RPC attempt, with [AddDone],
//   - add headers, with [AddMetadata].
//
// Errors mean what they mean to gRPC. With [balancer.ErrNoSubConnAvailable] itself the
// RPC waits for the next picker. With a status it ends. With any other error it waits if
// it is wait-for-ready, and ends otherwise. compose never changes an error of a pick.
//
// In Wrap the child's results have a [SubConn], with the author's data of type S. It is
// a type assertion away: a pick of compose takes no lock, looks nothing up and
// allocates nothing. AddDone allocates if the child has a Done too. A function that is
// made once per SubConn, in Data, spares the author an allocation of his own.
//
// Done is called with the zero [balancer.DoneInfo] if nothing was sent: the connection
// was lost between the pick and the RPC, or a policy outside discarded the pick.
//
// # States
//
// The author's State turns what the child reports, or the children, into what gRPC sees.
// A breaker that refuses all RPCs reports TRANSIENT_FAILURE and a picker that returns an
// error. When the author's own state changes, for example after a time, [Instance.Publish]
// calls State again. RPCs that wait are picked again then.
//
// # Children
//
// Whatever the author does not change passes through: resolver updates, resolver errors,
// ExitIdle, the states and addresses of SubConns, health listeners (gRFC A17), producers
// such as ORCA's, ResolveNow, the MetricsRecorder. gRPC and parent policies get the
// SubConns that they made. So composed policies work inside and outside of each other,
// and of the decorator of package metrics.
//
// With Split a resolver update leads to one report to gRPC, however many children it
// has. SubConns that children shut down in the update are shut down after that report,
// since RPCs may choose them until then. If a child finds the update bad, gRPC gets
// [balancer.ErrBadResolverState]; otherwise it gets the joined errors of the children,
// with their names. A child whose name is no longer in the list is closed. SubConns that
// a closed child leaves open are shut down, and what it still says is ignored.
//
// For data per SubConn in a policy with several children, put a Wrap around the Split, or
// inside of it.
//
// # Config
//
// A policy of Wrap takes the config of its child. For a config of its own, embed the
// builder in a type with a ParseConfig, and take the config out in Update. With a
// [ChildPolicy] the config also chooses the child:
//
//	type config struct {
//		serviceconfig.LoadBalancingConfig `json:"-"`
//
//		Limit int                 `json:"limit"`
//		Child compose.ChildPolicy `json:"childPolicy"`
//	}
//
//	type builder struct{ balancer.Builder } // what Wrap returned
//
//	func (b builder) ParseConfig(js json.RawMessage) (serviceconfig.LoadBalancingConfig, error) {
//		c, err := lbconfig.Parse[config](b.Name(), js)
//		if err != nil {
//			return nil, err
//		}
//		return &c, nil
//	}
//
//	func (p *policy) update(c *compose.Child) error { // the Wrapper's Update
//		cfg, ok := c.BalancerConfig.(*config)
//		if !ok {
//			return nil // there was none
//		}
//		p.limit = cfg.Limit
//		c.BalancerConfig = cfg.Child.Config
//		if cfg.Child.Builder != nil {
//			c.Builder = cfg.Child.Builder
//		}
//		return nil
//	}
//
// When a child is replaced by another policy, RPCs go to the old one until the new one
// is READY or has failed, as in gRPC.
//
// # Concurrency
//
// Update and State are called one at a time, so what they share needs no lock. Data may
// be called from any goroutine, at the same time as all else. Pickers and Done functions
// run on the goroutines of RPCs, also with old pickers and after Close: give a picker
// what it needs when State makes it, or use atomics.
//
// Publish may come from any goroutine, and so may ExitIdle, if the children permit it.
// UpdateClientConnState, ResolverError and Close must be called one at a time, as gRPC
// does; this applies to parent policies too.
//
// The lock order is: child policy, compose, ClientConn. State and Update run under the
// lock of compose. So they must not call Publish, and no lock that they take may be held
// when Publish is called. No child is called under that lock.
//
// # Ownership
//
// SubConns belong to the child that made them. The author reads them in results of picks,
// and calls nothing on them. The child's picker is shared by all RPCs; its metadata must
// not be changed in place. What Update returns belongs to the children, and what State
// gets to the author.
//
// # Limits
//
// A parent that looks into its child's picker finds compose's. For example, gRPC's
// endpointsharding.ChildStatesFromPicker finds no children in it.
//
// A policy that reports IDLE, such as pick_first, connects when its picker is asked or
// by ExitIdle. So the picker of a Split must send some RPCs to the pickers of children
// that are IDLE, or use children that do not become IDLE, such as round_robin2.
//
// A child that has been replaced is closed at the end of the event that led to its
// successor's report. If the successor reports from a goroutine of its own, the old child
// is closed at the next event of the channel.
package compose
