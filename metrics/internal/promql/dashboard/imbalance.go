package dashboard

const usable = "grpc_lb_usable_subchannels"

func imbalancePanels() []panel {
	perSubchannel := "(grpc_lb_backend) (" + rate("grpc_lb_picks_total") + " / (" + series(usable) + " > 0))"
	return []panel{
		{
			Title: "Imbalance of usable backends",
			Description: "Picks per second of the busiest usable backend, and of the least busy one, as a multiple of the mean over the usable backends, summed over all clients." +
				" Under an even policy both are 1; pick_first2 is uneven by design. When backends come or go, the lines diverge for the length of the interval." +
				` Backends that count as "other" are left out.`,
			Unit:     "none",
			Decimals: 2,
			Queries:  []query{{"max / mean " + ofTarget, overMean("max")}, {"min / mean " + ofTarget, overMean("min")}},
		},
		{
			Title: "Least picked usable backends",
			Description: "Picks per second and subchannel of the usable backends that get the least, as a multiple of the mean over the usable ones, summed over all clients." +
				" A backend near 0 is usable and starved: see the alert GRPCLBBackendNotPicked. Under pick_first2 and other policies that are uneven by design this is normal." + showsLowest,
			Unit:     "none",
			Decimals: 2,
			Queries:  []query{{ofBackend, lowest(shareOfMean(rate))}},
		},
		{
			Title: "Most uneven clients",
			Description: "The ratio max / mean over usable backends, calculated for each client process and per usable subchannel, of the clients in which it is largest." +
				" The alert GRPCLBImbalance uses this ratio. Clients with fewer than 10 picks per backend in the interval are left out, because their ratio is mostly chance." +
				" Click a line to open the client's live page, if it serves that at /debug/lb where it is scraped." + showsHighest,
			Unit:     "none",
			Decimals: 2,
			LivePage: true,
			width:    fullWidth,
			Queries: []query{{"max / mean " + ofClient, highest(lines(
				"max by ("+perClient+") (",
				"  max without "+perSubchannel,
				"  / avg without "+perSubchannel,
				"  and avg without (grpc_lb_backend) (increase("+series("grpc_lb_picks_total")+interval+")) > 10",
				")"))}},
		},
	}
}

// overMean returns an aggregate of the picks of usable backends over their mean.
func overMean(aggregate string) string {
	picks := lines(
		"  "+sum(perBackend, rate("grpc_lb_picks_total", `grpc_lb_backend!="other"`)),
		"  and "+sum(perBackend, series(usable))+" > 0")
	return lines(
		aggregate+" by ("+perTarget+") (", picks, ")",
		"/ avg by ("+perTarget+") (", picks, ")")
}

// shareOfMean returns what each usable backend gets for each of its subchannels, as a
// multiple of the mean.
func shareOfMean(rate func(string, ...string) string) string {
	picks := sum(perBackend, rate("grpc_lb_picks_total")) + " / (" + sum(perBackend, series(usable)) + " > 0)"
	return lines(
		picks,
		"/ ignoring (grpc_lb_backend) group_left avg by ("+perTarget+") (",
		"  "+picks,
		")")
}
