package lbconfig

import "encoding/json"

// ServiceConfig returns a service config, in JSON, that selects the policy with
// an empty config, for [grpc.WithDefaultServiceConfig] or a resolver.
//
// gRPC skips the names that no policy is registered under and takes the first
// one that is left. So one service config can go to programs that import a
// policy and to programs that do not, if fallbacks, in the order of preference,
// end with a policy that all have: round_robin and pick_first come with grpc-go.
// A mistyped name is skipped like any other. If no name is left,
// [grpc.NewClient] returns an error.
//
// The names are not looked up here; they may be anything.
//
// [grpc.WithDefaultServiceConfig]: https://pkg.go.dev/google.golang.org/grpc#WithDefaultServiceConfig
// [grpc.NewClient]: https://pkg.go.dev/google.golang.org/grpc#NewClient
func ServiceConfig(policy string, fallbacks ...string) string {
	list := []map[string]struct{}{{policy: {}}}
	for _, f := range fallbacks {
		list = append(list, map[string]struct{}{f: {}})
	}
	js, _ := json.Marshal(map[string]any{"loadBalancingConfig": list}) // strings can be encoded
	return string(js)
}
