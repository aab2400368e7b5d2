package lbconfig

import "encoding/json"

// ServiceConfig returns a service config, in JSON, for
// [grpc.WithDefaultServiceConfig] or a resolver. It selects the policy, with an empty
// config.
//
// gRPC skips names under which no policy is registered, mistyped ones too, and uses
// the first name that is left. If none is left, [grpc.NewClient] returns an error.
// So with fallbacks, in the order of preference, one service config can serve
// programs that import the policy and programs that do not. The last fallback should
// be a policy that all programs have, such as round_robin or pick_first of grpc-go.
//
// ServiceConfig does not check the names.
//
// [grpc.WithDefaultServiceConfig]: https://pkg.go.dev/google.golang.org/grpc#WithDefaultServiceConfig
// [grpc.NewClient]: https://pkg.go.dev/google.golang.org/grpc#NewClient
func ServiceConfig(policy string, fallbacks ...string) string {
	list := []map[string]struct{}{{policy: {}}}
	for _, f := range fallbacks {
		list = append(list, map[string]struct{}{f: {}})
	}
	js, _ := json.Marshal(map[string]any{"loadBalancingConfig": list}) // strings never fail to encode
	return string(js)
}
