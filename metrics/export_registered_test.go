package metrics

// GRPCPolicies are the names that InstrumentRegistered knows.
var GRPCPolicies = grpcPolicies
