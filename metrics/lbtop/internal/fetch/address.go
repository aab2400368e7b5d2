package fetch

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// DefaultPath is where the live page is looked for if an address names no path.
const DefaultPath = "/debug/lb"

// Address is where a live page is. The zero value is not valid.
type Address struct {
	url  url.URL // without user info
	user *url.Userinfo
}

// ParseAddress parses a URL, or HOST:PORT with or without a path. Errors do not
// show user info, which may have a password.
func ParseAddress(s string) (Address, error) {
	full := s
	if !strings.Contains(s, "://") {
		full = "http://" + s
	}
	u, err := url.Parse(full)
	if parse, ok := errors.AsType[*url.Error](err); ok {
		err = parse.Err // the rest repeats the URL
		if strings.Contains(s, "@") {
			err = errors.New("it is not a URL (special characters in user and password are written as %XX)") // the cause may show the password
		}
	}
	if err == nil {
		err = check(u)
	}
	if err != nil {
		return Address{}, fmt.Errorf("read URL %q: %w; write it like http://host:port%s or host:port", withoutUser(s), err, DefaultPath)
	}
	if u.Path == "" {
		u.Path = DefaultPath
	}
	if u.Hostname() == "" {
		u.Host = "localhost" + u.Host
	}
	a := Address{url: *u, user: u.User}
	a.url.User, a.url.Fragment, a.url.RawFragment = nil, "", ""
	a.url.RawQuery = jsonQuery(u.Query())
	return a, nil
}

func check(u *url.URL) error {
	if u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("the scheme is %q, and only http and https are known", u.Scheme)
	}
	if u.Host == "" {
		return errors.New("it names no host")
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return fmt.Errorf("the port is %s, and ports are 1 to 65535", port)
		}
	}
	return nil
}

// jsonQuery returns the query for the whole page as JSON. The URL may have been
// copied from a browser, with the page's parameters for order and pages.
func jsonQuery(values url.Values) string {
	for _, name := range []string{"sort", "dir", "page", "per_page"} {
		values.Del(name)
	}
	values.Set("format", "json")
	return values.Encode()
}

// withoutUser hides user info in a URL that may not be valid.
func withoutUser(s string) string {
	start := 0
	if i := strings.Index(s, "://"); i >= 0 {
		start = i + len("://")
	}
	// A password may hold a slash by mistake, so the last @ ends it.
	if at := strings.LastIndexByte(s[start:], '@'); at >= 0 {
		return s[:start] + "…" + s[start+at:]
	}
	return s
}

// String returns the URL without user info, as a person would write it.
func (a Address) String() string { return a.url.Scheme + "://" + a.url.Host + a.url.EscapedPath() }

// Names returns a short name for each address: HOST:PORT, or more of the URL where
// others have that too.
func Names(addresses []Address) []string {
	uses := make(map[string]int)
	for _, a := range addresses {
		uses[a.url.Host]++
	}
	names := make([]string, len(addresses))
	for i, a := range addresses {
		names[i] = a.url.Host
		if uses[a.url.Host] > 1 {
			names[i] = a.String()
		}
	}
	return names
}

// Unique returns the addresses without those that are listed before.
func Unique(addresses []Address) []Address {
	var unique []Address
	for _, a := range addresses {
		if !slices.ContainsFunc(unique, func(b Address) bool { return a.url == b.url }) {
			unique = append(unique, a)
		}
	}
	return unique
}
