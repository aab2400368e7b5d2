package livepage

// MaxRendered is how many pages are rendered at once.
const MaxRendered = maxRendered

// How the page formats numbers.
var (
	Grouped = grouped[int64]
	Percent = percent
	Elapsed = elapsed
)
