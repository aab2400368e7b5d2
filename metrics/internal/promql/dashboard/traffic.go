package dashboard

func trafficPanels() []panel {
	byBackend := sum(perBackend, rate("grpc_lb_picks_total"))
	byTarget := sum(perTarget, rate("grpc_lb_picks_total"))
	inFlight := sum(perBackend, series("grpc_lb_rpc_attempts_in_flight"))
	return []panel{
		{
			Title:       "Picks",
			Description: "Picks per second that chose a backend, summed over all backends of a target. A pick is not an RPC: gRPC picks again for each retry.",
			Unit:        "reqps",
			Queries:     []query{{ofTarget, byTarget}},
		},
		{
			Title:       "Share of picks by backend",
			Description: "Share of the target's picks that each backend gets. Under an even policy all lines coincide." + showsLeaders,
			Unit:        "percentunit",
			Queries: []query{{ofBackend, leaders(
				lines(byBackend, "/ ignoring (grpc_lb_backend) group_left", byTarget), byBackend)}},
		},
		{
			Title:       "Picks by backend",
			Description: "Picks per second of each backend." + showsLeaders,
			Unit:        "reqps",
			Queries:     []query{{ofBackend, leaders(byBackend, byBackend)}},
		},
		{
			Title:       "RPC attempts in flight by backend",
			Description: "RPC attempts in flight on each backend. If they rise but the backend's picks do not, the backend is getting slower." + showsLeaders,
			Unit:        "short",
			Queries:     []query{{ofBackend, leaders(inFlight, inFlight)}},
		},
	}
}

func errorPanels() []panel {
	const refusedUploads = " An upload that the server refuses early may count as OK, because gRPC reports a success to the policy."
	return []panel{
		{
			Title:       "RPC attempts not OK by code",
			Description: "RPC attempts per second that ended with each status code. A code has no series before it first occurs in a process, so its first burst is missing here. The next two panels have it." + refusedUploads,
			Unit:        "reqps",
			Queries:     []query{{ofCode, sum(perCode, rate("grpc_lb_rpc_attempts_total", `grpc_status!="OK"`))}},
		},
		{
			Title:       "Share of RPC attempts not OK",
			Description: "Share of the RPC attempts that ended with a code other than OK." + refusedUploads,
			Unit:        "percentunit",
			Max:         1,
			Queries: []query{{ofTarget, lines(
				sum(perTarget, rate("grpc_lb_rpc_attempts_failed_total")),
				"/ ("+sum(perTarget, rate("grpc_lb_rpc_attempts_failed_total"))+" + "+sum(perTarget, rate("grpc_lb_rpc_attempts_total", `grpc_status="OK"`))+")")}},
		},
		{
			Title:       "RPC attempts not OK by backend",
			Description: "RPC attempts per second that ended with a code other than OK, by backend." + refusedUploads + showsHighest,
			Unit:        "reqps",
			width:       fullWidth,
			Queries:     []query{{ofBackend, highest(sum(perBackend, rate("grpc_lb_rpc_attempts_failed_total")) + " > 0")}},
		},
	}
}

// optIn is the end of the description of panels of latency.
const optIn = ` Opt-in: there is data only where grpc_lb_rpc_attempt_duration_seconds is switched on, with metrics.WithLatency or with "balancer2Metrics": {"latency": true} in the policy's config.`

func latencyPanels() []panel {
	all := []panel{{
		Title: "Latency",
		Description: "Time from the pick to the end of an RPC attempt, over all backends of a target." + optIn +
			" It uses native histograms if the server has them, otherwise classic buckets.",
		Unit:    "s",
		Queries: quantilesPerTarget(duration),
	}}
	for _, q := range quantiles {
		byBackend := quantile(q.value, perBackend, duration)
		all = append(all, panel{
			Title:       "Latency " + q.name + " by backend",
			Description: "The " + q.name + " of the time from the pick to the end of an RPC attempt, by backend." + optIn + showsLeaders,
			Unit:        "s",
			Queries:     []query{{ofBackend, leaders(lines("(", byBackend, ")"), byBackend)}},
		})
	}
	return all
}

// quantiles are the quantiles in panels of durations.
var quantiles = []struct{ name, value string }{{"p50", "0.5"}, {"p95", "0.95"}, {"p99", "0.99"}}

func quantilesPerTarget(histogram string) (all []query) {
	for _, q := range quantiles {
		all = append(all, query{q.name + " " + ofTarget, quantile(q.value, perTarget, histogram)})
	}
	return all
}
