module github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/endtoend

go 1.26.7

replace (
	github.com/grpc-balancer2/balancer2 => ../../../..
	github.com/grpc-balancer2/balancer2/metrics/lbtop => ../..
)

require (
	github.com/creack/pty v1.1.24
	github.com/grpc-balancer2/balancer2 v0.0.0-00010101000000-000000000000
	github.com/grpc-balancer2/balancer2/metrics/lbtop v0.0.0-00010101000000-000000000000
	go.uber.org/goleak v1.3.0
	google.golang.org/grpc v1.85.0
)

require (
	github.com/beorn7/perks v1.0.1 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/munnerz/goautoneg v0.0.0-20191010083416-a7dc8b61c822 // indirect
	github.com/prometheus/client_golang v1.25.0 // indirect
	github.com/prometheus/client_model v0.6.3 // indirect
	github.com/prometheus/common v0.72.0 // indirect
	github.com/prometheus/procfs v0.22.0 // indirect
	golang.org/x/sys v0.48.0 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20260817212433-ac3dfec99bb1 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
)
