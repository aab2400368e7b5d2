package livepage

// MaxRendered is how many pages are rendered at once.
const MaxRendered = maxRendered
