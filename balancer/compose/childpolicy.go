package compose

import (
	"encoding/json"
	"fmt"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/grpclog"
	"google.golang.org/grpc/serviceconfig"
)

var logger = grpclog.Component("balancer2")

// ChildPolicy is a child that a config chooses. As a field of a config it takes a list
// like the loadBalancingConfig of a service config, and follows the same rules:
//
//	{"childPolicy": [{"round_robin2": {}}, {"round_robin": {}}]}
//
// The first policy that is registered is chosen, and parses its config. It is an error
// if none is registered. Without the field, or with null, the ChildPolicy is zero.
type ChildPolicy struct {
	Builder balancer.Builder
	Config  serviceconfig.LoadBalancingConfig // nil if the policy takes none
}

// UnmarshalJSON implements [json.Unmarshaler].
func (c *ChildPolicy) UnmarshalJSON(js []byte) error {
	var list []map[string]json.RawMessage
	if err := json.Unmarshal(js, &list); err != nil {
		return err
	}
	if list == nil { // null
		*c = ChildPolicy{}
		return nil
	}
	var names []string
	for i, entry := range list {
		if len(entry) != 1 {
			return fmt.Errorf("policy %d of the list has %d names, want one", i, len(entry))
		}
		for name, config := range entry {
			if b := balancer.Get(name); b != nil {
				return c.choose(b, config)
			}
			names = append(names, name)
		}
	}
	return fmt.Errorf("no policy of the list is registered: %q", names)
}

func (c *ChildPolicy) choose(b balancer.Builder, js json.RawMessage) error {
	parser, ok := b.(balancer.ConfigParser)
	if !ok {
		if string(js) != "{}" {
			logger.Warningf("%s: parse config: ignoring %s: the policy takes no config", b.Name(), js)
		}
		*c = ChildPolicy{Builder: b}
		return nil
	}
	config, err := parser.ParseConfig(js)
	if err != nil {
		return fmt.Errorf("parse config of %s: %w", b.Name(), err)
	}
	*c = ChildPolicy{Builder: b, Config: config}
	return nil
}

// MarshalJSON implements [json.Marshaler]. Some parents marshal the config of a child
// and have the result parsed again.
func (c ChildPolicy) MarshalJSON() ([]byte, error) {
	if c.Builder == nil {
		return []byte("null"), nil
	}
	if c.Config == nil {
		return json.Marshal([]map[string]any{{c.Builder.Name(): struct{}{}}})
	}
	return json.Marshal([]map[string]any{{c.Builder.Name(): c.Config}})
}
