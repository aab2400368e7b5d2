package dashboard

const (
	statHeight = 4
	duration   = "grpc_lb_rpc_attempt_duration_seconds"
)

// statPanels say in numbers how all targets that are chosen are doing.
func statPanels() []panel {
	failed, ok := total(rate("grpc_lb_rpc_attempts_failed_total")), total(rate("grpc_lb_rpc_attempts_total", `grpc_status="OK"`))
	all := []panel{
		{
			Title:       "RPC attempts per second",
			Description: "RPC attempts per second that ended, over all targets that are chosen above.",
			Unit:        "reqps",
			Queries:     []query{{"RPC/s", failed + " + " + ok}},
		},
		{
			Title:       "Success rate",
			Description: "Share of the RPC attempts that ended with OK. Other codes may be normal, such as NOT_FOUND.",
			Unit:        "percentunit",
			Decimals:    2,
			Queries:     []query{{"OK", ok + "\n/ (" + failed + " + " + ok + ")"}},
		},
		{
			Title:       "p99",
			Description: "99 of 100 RPC attempts took no longer." + optIn,
			Unit:        "s",
			Queries:     []query{{"p99", quantile("0.99", "", duration)}},
		},
		{
			Title: "Usable backends",
			Description: "Backends that any client can use, and all that the clients want to use. The others are down, unhealthy or ejected." +
				" A backend that left name resolution is in neither, but for a few minutes if it was down before.",
			Unit: "short",
			Queries: []query{
				{"usable", total(usableClients() + " > bool 0")},
				{"of all", "count(" + wantingClients() + ")"},
			},
		},
		{
			Title:       "Picks that did not succeed",
			Description: "Picks per second that had to wait, because no subchannel was available, and that failed, because the policy returned an error. Both are 0 if all is well.",
			Unit:        "reqps",
			Queries: []query{
				{"waiting", total(rate("grpc_lb_picks_delayed_total"))},
				{"failing", total(rate("grpc_lb_picks_failed_total"))},
			},
		},
	}
	for i := range all {
		all[i].Kind, all[i].height, all[i].width = stat, statHeight, []int{4, 4, 4, 6, 6}[i]
	}
	return all
}

func total(vector string) string { return "sum(" + vector + ")" }

// usableClients counts, for each backend, the clients that can use it.
func usableClients() string { return sum(perBackend, series(usable)+" > bool 0") }

// wantingClients counts, for each backend, the clients that can use it, or want to: they
// are connected, or try to connect. Those that have only kept its series do not count.
func wantingClients() string {
	return lines(
		"count by ("+perBackend+") (",
		"  "+series(usable)+" > 0",
		"  or sum without (grpc_lb_unusable_reason) ("+series("grpc_lb_unusable_subchannels")+") > 0",
		"  or "+rateLately("grpc_lb_connection_attempts_failed_total")+" > 0",
		")")
}

// annotation marks times in all graphs.
type annotation struct{ Name, Color, Expr, Title, Text string }

func annotations() []annotation {
	return []annotation{
		{
			Name:  "Resolver updates",
			Color: "blue",
			Expr:  sum("grpc_target", "increase("+series("grpc_lb_resolver_updates_total", `grpc_lb_result="ok"`)+"[2m])") + " > 0",
			Title: "Resolver update",
			Text:  "{{grpc_target}}",
		},
		{
			Name:  "Alerts",
			Color: "red",
			Expr:  `ALERTS{alertname=~"GRPCLB.+", alertstate="firing", job=~"$job", grpc_target=~"$target"}`,
			Title: "{{alertname}}",
			Text:  "{{grpc_target}} {{grpc_lb_backend}}",
		},
	}
}
