package metrics

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

// parsed is made for the first request. Programs without the page pay nothing
// for it.
var parsed struct {
	once     sync.Once
	template *template.Template
	policy   string
}

// pageTemplate returns the template and the Content-Security-Policy that goes
// with it. The policy names the style and the script by their hashes, so that
// nothing that gets into the page by mistake can be either.
func pageTemplate() (*template.Template, string) {
	parsed.once.Do(func() {
		parsed.template = template.Must(template.New("page").Parse(pageHTML))
		parsed.policy = "default-src 'none'" +
			"; style-src '" + sourceHash(pageCSS) + "'" +
			"; script-src '" + sourceHash(pageJS) + "'" +
			"; connect-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	})
	return parsed.template, parsed.policy
}

func sourceHash(source string) string {
	sum := sha256.Sum256([]byte(source))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
