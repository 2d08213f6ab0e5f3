package portal

import (
	"net/http"
	"strings"
	"time"
)

const robotsPath = "/robots.txt"

// robots keeps machines out that index what they find.
func robots(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader("User-agent: *\nDisallow: /\n"))
}
