package livepage

import (
	"crypto/sha256"
	_ "embed" // the page's parts
	"encoding/base64"
	"html/template"
	"sync"
)

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
	//go:embed page.js
	pageJS string
)

// pageTemplate parses the template on the first request, so that programs that do
// not serve the page do not pay for it.
var pageTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page").Parse(pageHTML))
})

// contentSecurityPolicy returns the value of the header Content-Security-Policy. It
// allows the page's own style and script, and requests to the page's origin. Style
// and script are identified by their hashes, so that a browser runs no other script,
// even if one gets into the page by mistake.
var contentSecurityPolicy = sync.OnceValue(func() string {
	return "default-src 'none'" +
		"; style-src '" + sourceHash(pageCSS) + "'" +
		"; script-src '" + sourceHash(pageJS) + "'" +
		"; connect-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
})

func sourceHash(source string) string {
	sum := sha256.Sum256([]byte(source))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
