package livepage

// How the page writes numbers.
var (
	Grouped = grouped[int64]
	Percent = percent
	Elapsed = elapsed
)
