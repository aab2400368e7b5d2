package compose

import (
	"fmt"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"
)

// Wrapper is what the author of a policy around one child writes. All functions are
// optional. S is the type of the data that the author keeps with each SubConn.
type Wrapper[S any] struct {
	// Data returns the data of a SubConn that the child has just made. Pickers read
	// it with [SubConn.Data]. Without Data it is the zero S. Data may be called from
	// any goroutine, and may keep addrs.
	Data func(addrs []resolver.Address) S

	// State returns what to report to gRPC. It gets what the child reported last, or
	// CONNECTING before that. Its result usually has a picker of the author's, which
	// asks the child's picker. Without State the child's reports go to gRPC as they are.
	//
	// State is called when the child reports and by [Instance.Publish]. State and Update
	// are called one at a time and with a lock held: they must not call Publish.
	State func(child balancer.State) balancer.State

	// Update sees each resolver update before the child does. It may change what the
	// child gets, such as the config, and which policy the child is. If it returns an
	// error, the child does not get the update, and gRPC gets the error.
	//
	// With Update, the first update builds the child. Without, the child is built at
	// once.
	Update func(child *Child) error

	// Close is called once, when the child is closed. State and Update are not called
	// later; picks and their Done functions may be.
	Close func()
}

// Wrap returns a builder of policies that have the given name and a child that b
// builds. It takes the config of b, if b takes one. For each policy it calls wrap,
// which may be called concurrently.
//
// Wrap panics if b or wrap is nil.
func Wrap[S any](name string, b balancer.Builder, wrap func(*Instance) Wrapper[S]) balancer.Builder {
	if b == nil {
		panic(fmt.Sprintf("compose: wrap policy as %s: nil builder; if it comes from balancer.Get, import the package that registers the policy", name))
	}
	if wrap == nil {
		panic(fmt.Sprintf("compose: wrap policy as %s: nil function", name))
	}
	w := &wrapBuilder[S]{name: name, child: b, wrap: wrap}
	if parser, ok := b.(balancer.ConfigParser); ok {
		return struct {
			balancer.Builder
			balancer.ConfigParser
		}{w, parser}
	}
	return w
}

type wrapBuilder[S any] struct {
	name  string
	child balancer.Builder
	wrap  func(*Instance) Wrapper[S]
}

// Name implements [balancer.Builder].
func (b *wrapBuilder[S]) Name() string { return b.name }

// Build implements [balancer.Builder].
func (b *wrapBuilder[S]) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	p := &policy[S]{cc: cc, opts: opts, name: b.name}
	w := b.wrap(p.instance())
	p.hooks = hooks[S]{data: w.Data, close: w.Close}
	p.hooks.update = func(s balancer.ClientConnState) ([]Child, error) {
		c := Child{Builder: b.child, ClientConnState: s}
		if w.Update != nil {
			if err := w.Update(&c); err != nil {
				return nil, err
			}
			c.Name = ""
		}
		return []Child{c}, nil
	}
	p.hooks.state = func(children []ChildState) balancer.State {
		if w.State == nil {
			return children[0].State
		}
		return w.State(children[0].State)
	}
	if w.Update != nil {
		return p
	}
	_, _, _ = p.begin(balancer.ClientConnState{}) // without Update there are no errors
	if _, err := p.childFor(p.slots[0], b.child); err != nil {
		p.Close()
		return nil // as the child's builder did
	}
	return p
}
