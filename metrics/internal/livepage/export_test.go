package livepage

// MaxRendered is how many pages are rendered at once.
const MaxRendered = maxRendered

// CompareNatural is the order of names.
var CompareNatural = compareNatural

// How the page formats numbers.
var (
	Grouped = grouped[int64]
	Percent = percent
	Elapsed = elapsed
	Took    = latencyWords
	Rate    = rateWords
)
