package fleet

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/poll"
)

// ClientState tells whether a client answers.
type ClientState int

// The states of a client.
const (
	Asked   ClientState = iota // has neither answered nor failed yet
	Answers                    // to the last poll
	Fails                      // the last poll brought an error
)

// Client is one process.
type Client struct {
	Name  string
	State ClientState
	Error string    // why it fails
	Since time.Time // when it began to fail
	Last  time.Time // when it last answered; zero if never

	Traffic
	Targets int
	Bad     []Bad // what it cannot use, the worst first
}

// Bad is a backend, or a target, that a client cannot use.
type Bad struct {
	Key
	Backend   string    // "" if the client can use no backend of the target
	Condition Condition // Down or Unusable
	Since     time.Time // down since; zero if not known
}

// newClient returns the client without what its page says.
func newClient(c poll.Client) Client {
	out := Client{Name: c.Name, Last: c.At, Since: c.Since}
	switch {
	case c.Err != nil:
		out.State, out.Error = Fails, c.Err.Error()
	case c.Page != nil:
		out.State = Answers
	}
	return out
}

// ClientsByWorst returns the clients whose name, error or bad backends have the
// text, in any case: first those that fail, then those that can use the least.
func ClientsByWorst(clients []Client, filter string) []Client {
	var matching []Client
	for _, c := range clients {
		if c.matches(strings.ToLower(filter)) {
			matching = append(matching, c)
		}
	}
	slices.SortStableFunc(matching, func(a, b Client) int {
		return cmp.Or(
			cmp.Compare(truth(b.State == Fails), truth(a.State == Fails)),
			cmp.Compare(len(b.Bad), len(a.Bad)),
			Natural(a.Name, b.Name),
		)
	})
	return matching
}

func (c *Client) matches(lower string) bool {
	has := func(s string) bool { return strings.Contains(strings.ToLower(s), lower) }
	return has(c.Name) || has(c.Error) || slices.ContainsFunc(c.Bad, func(b Bad) bool { return has(b.Backend) || has(b.Target) })
}
