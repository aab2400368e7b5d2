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

// pageTemplate parses the template for the first request, so that programs
// without the page pay nothing for it.
var pageTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page").Parse(pageHTML))
})

// contentSecurityPolicy returns the header of that name. It allows the page its
// own style and script, and requests to where it came from. It names style and
// script by their hashes, so that a browser runs no other script, even if one
// gets into the page by mistake.
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
