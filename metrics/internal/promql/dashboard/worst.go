package dashboard

// column is a column of the table of backends.
type column struct {
	Name, Unit string
	Decimals   int
	Expr       string
}

// byBadness is the name of the column that the table is sorted by.
const byBadness = "Badness"

// columns are those of the table of backends, after its labels.
func columns() []column {
	failed, ok := sum(perBackend, rateLately("grpc_lb_rpc_attempts_failed_total")), okLately()
	return []column{
		{"Usable for", "short", 0, usableClients() + " and " + wantingClients()},
		{"of clients", "short", 0, wantingClients()},
		{"RPC/s", "reqps", 2, failed + " + " + ok},
		{"Errors", "percentunit", 1, errorShare()},
		{"p99", "s", 1, "(\n" + quantileOf("0.99", perBackend, duration, rateLately) + "\n)"},
		{"of mean", "percentunit", 0, shareOfMean(rateLately)},
		{byBadness, "none", 2, badness()},
	}
}

func worstBackends() panel {
	p := panel{
		Title: "Worst backends",
		Description: "The $top worst backends of each target, over all clients and the last five minutes: for how many of the clients that want it the backend is usable, its RPC attempts per second," +
			" the share of them that ended with another code than OK, their p99, and its picks per subchannel as a share of the mean over the usable backends." +
			" Badness is the share of the clients that cannot use it plus the share of errors." + optIn,
		Kind:   table,
		Unit:   "short",
		width:  fullWidth,
		height: 10,
	}
	for _, c := range columns() {
		p.Queries = append(p.Queries, query{c.Name + " " + ofBackend, leaders(c.Expr, badness())})
	}
	return p
}

func okLately() string {
	return sum(perBackend, rateLately("grpc_lb_rpc_attempts_total", `grpc_status="OK"`))
}

// errorShare has no value for a backend without RPCs.
func errorShare() string {
	failed := sum(perBackend, rateLately("grpc_lb_rpc_attempts_failed_total"))
	return lines("(", failed+" / ("+failed+" + "+okLately()+") >= 0", ")")
}

// badness is the share of the clients that cannot use a backend plus the share of its
// errors: 0 at best.
func badness() string {
	return lines(
		"1 - "+usableClients()+" / "+wantingClients(),
		"+ (",
		errorShare(),
		"or 0 * "+wantingClients(),
		")")
}
