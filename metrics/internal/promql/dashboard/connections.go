package dashboard

func connectionPanels() []panel {
	ready := sum(perBackend, series("grpc_lb_ready_subchannels"))
	return []panel{
		{
			Title:       "Subchannels by state",
			Description: "Subchannels by connectivity state. Under round_robin2 all should be READY; under pick_first2 each channel has one that is READY, or IDLE while unused.",
			Unit:        "short",
			Queries:     []query{{ofState, sum(perState, series("grpc_lb_subchannels"))}},
		},
		{
			Title:       "Backends",
			Description: `Backends to which any client has a READY subchannel, and backends that have series. Series stay for the retention after the last use of a backend. All backends above the limit of series count as one, "other".`,
			Unit:        "short",
			Queries: []query{
				{"READY " + ofTarget, sum(perTarget, ready+" > bool 0")},
				{"known " + ofTarget, "count by (" + perTarget + ") (" + ready + ")"},
			},
		},
		{
			Title:       "Connection attempts by result",
			Description: "Attempts to connect per second that succeeded or failed.",
			Unit:        "cps",
			Queries: []query{
				{"succeeded " + ofTarget, sum(perTarget, rate("grpc_lb_connection_attempts_succeeded_total"))},
				{"failed " + ofTarget, sum(perTarget, rate("grpc_lb_connection_attempts_failed_total"))},
			},
		},
		{
			Title:       "Failed connection attempts by backend",
			Description: "Attempts to connect per second that failed, by backend." + showsHighest,
			Unit:        "cps",
			Queries: []query{{ofBackend, highest(
				sum(perBackend, rate("grpc_lb_connection_attempts_failed_total")) + " > 0")}},
		},
		{
			Title: "Disconnections by backend",
			Description: "Established connections per second that were lost, by backend, and those of them that were lost within a second." +
				" Servers that close connections by age also show here. Servers that accept connections and hang up show in both." + showsHighest,
			Unit: "cps",
			Queries: []query{
				{ofBackend, highest(sum(perBackend, rate("grpc_lb_disconnections_total")) + " > 0")},
				{"within 1s: " + ofBackend, highest(sum(perBackend, rate("grpc_lb_early_disconnections_total")) + " > 0")},
			},
		},
		{
			Title:       "Time to connect",
			Description: "Time from CONNECTING to READY, including the TLS handshake. There is data only while connections are made.",
			Unit:        "s",
			Queries:     quantilesPerTarget("grpc_lb_connect_duration_seconds"),
		},
	}
}

func updatePanels() []panel {
	return []panel{
		{
			Title:       "Resolver updates by result",
			Description: "Results of name resolution per second: accepted by the policy (ok), rejected by it (rejected), or a resolver error (error).",
			Unit:        "cps",
			Queries:     []query{{ofResult, sum(perResult, rate("grpc_lb_resolver_updates_total"))}},
		},
		{
			Title:       "Picker updates",
			Description: "Pickers per second that the policy published. Each change of a connection may cause one. Many pickers cost the client CPU time.",
			Unit:        "cps",
			Queries:     []query{{ofTarget, sum(perTarget, rate("grpc_lb_picker_updates_total"))}},
		},
		{
			Title:       "Policy instances",
			Description: "Channels that use the policy for the target, over all client processes.",
			Unit:        "short",
			Queries:     []query{{ofTarget, sum(perTarget, series("grpc_lb_policy_instances"))}},
		},
		{
			Title:       `Subchannels counted as "other"`,
			Description: "Subchannels to backends above the limit of series (metrics.WithMaxBackends) that were made since the processes started. Above 0, the panels by backend are incomplete.",
			Unit:        "short",
			Queries:     []query{{ofTarget, sum(perTarget, series("grpc_lb_folded_subchannels_total"))}},
		},
	}
}

func waitPanels() []panel {
	const wait = "grpc_lb_pick_delay_duration_seconds"
	all := []panel{
		{
			Title:       "RPC attempts that wait now",
			Description: "RPC attempts that wait for a pick at the moment of the scrape. They go on waiting until a backend is usable or their deadline passes.",
			Unit:        "short",
			Queries:     []query{{ofTarget, sum(perTarget, series("grpc_lb_rpc_attempts_waiting"))}},
		},
		{
			Title: "Picks delayed and failed",
			Description: "Picks per second that were delayed, because no subchannel was available, or failed, because the policy returned an error." +
				" One RPC may count several times. A failed pick ends the RPC, unless it is wait-for-ready.",
			Unit: "reqps",
			Queries: []query{
				{"delayed " + ofTarget, sum(perTarget, rate("grpc_lb_picks_delayed_total"))},
				{"failed " + ofTarget, sum(perTarget, rate("grpc_lb_picks_failed_total"))},
			},
		},
		{
			Title:       "Picks given up",
			Description: "Picks per second that gRPC gave up and repeated, because the backend's connection was lost or closing, for example after GOAWAY. Nothing was sent.",
			Unit:        "reqps",
			Queries:     []query{{ofTarget, sum(perTarget, rate("grpc_lb_repicks_total"))}},
		},
		{
			Title: "RPC attempts that waited, by type of delay",
			Description: "RPC attempts per second that had to wait for a pick, counted when the wait ended: for a connection (connecting)," +
				" because the picked subchannel had just lost its connection (subchannel_state_mismatch)," +
				" or because the policy fails and the RPC is wait-for-ready (picker_failing_with_wait_for_ready).",
			Unit: "reqps",
			Queries: []query{{ofDelay, lines(
				sum(perDelay, "histogram_count("+rate(wait)+")"),
				"or "+sum(perDelay, rate(wait+"_count")))}},
		},
	}
	for _, q := range quantiles {
		all = append(all, panel{
			Title:       "Wait for a pick, " + q.name + " by type of delay",
			Description: "The " + q.name + " of the time that RPC attempts waited for a pick. It counts only attempts that had to wait, so there may be no data.",
			Unit:        "s",
			Queries:     []query{{ofDelay, quantile(q.value, perDelay, wait)}},
		})
	}
	return all
}
