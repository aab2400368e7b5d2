package livepage

// MaxRendered is how many pages are rendered at once.
const MaxRendered = maxRendered

// How answers reuse the memory of their bodies.
var (
	NewBody     = bodies.Get
	ReleaseBody = releaseBody
)
