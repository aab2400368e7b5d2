package metrics

import (
	"net/http"
	"time"
)

// HandlerAt is m's page where the wall clock says something else.
func HandlerAt(m *Metrics, wall func() time.Time) http.Handler { return m.handler(wall) }
