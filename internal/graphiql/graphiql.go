// Package graphiql serves GraphiQL, the in-browser editor for the API, from
// files embedded in the program.
//
// The page needs nothing from the network but this server: scripts, workers and
// the icon font are bundled, and a strict Content-Security-Policy keeps it so.
// Its sources are in web; web/build.sh builds them into dist, gzipped.
package graphiql

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

// Path is where the page lives, with its assets below it. It is fixed because
// the built page refers to its assets, and to the API at /graphql, by absolute path.
const Path = "/graphiql"

// Only styles need a loophole: the editor writes style elements and attributes
// at run time.
const contentSecurityPolicy = "default-src 'none'; " +
	"script-src 'self'; " +
	"style-src 'self' 'unsafe-inline'; " +
	"worker-src 'self'; " +
	"connect-src 'self'; " +
	"img-src 'self' data:; " +
	"font-src 'self'; " +
	"frame-ancestors 'none'; " +
	"base-uri 'none'; " +
	"form-action 'none'"

var contentTypes = map[string]string{
	".css":  "text/css; charset=utf-8",
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".md":   "text/markdown; charset=utf-8",
	".svg":  "image/svg+xml",
	".ttf":  "font/ttf",
}

//go:embed all:dist
var dist embed.FS

type asset struct {
	file         string // in dist, gzipped
	contentType  string
	cacheControl string
}

// Handler returns the handler for [Path] and everything below it.
func Handler() http.Handler {
	assets, err := load()
	if err != nil {
		panic(fmt.Sprintf("graphiql: broken build: %v", err))
	}
	return assets
}

// handler maps URL paths to assets.
type handler map[string]asset

func load() (handler, error) {
	h := handler{}
	err := fs.WalkDir(dist, "dist", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name := strings.TrimSuffix(strings.TrimPrefix(file, "dist/"), ".gz")
		contentType, ok := contentTypes[path.Ext(name)]
		if !ok {
			return fmt.Errorf("no content type for %s", file)
		}
		a := asset{file, contentType, "no-cache"}
		if strings.HasPrefix(name, "assets/") { // named after their content
			a.cacheControl = "public, max-age=31536000, immutable"
		}
		if name == "index.html" {
			h[Path], h[Path+"/"] = a, a
		} else {
			h[Path+"/"+name] = a
		}
		return nil
	})
	return h, err
}

func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Security-Policy", contentSecurityPolicy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")

	a, ok := h[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}

	header.Set("Content-Type", a.contentType)
	header.Set("Cache-Control", a.cacheControl)
	header.Set("Vary", "Accept-Encoding")
	body, _ := dist.ReadFile(a.file) // load found it
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:16])
	if acceptsGzip(r) {
		header.Set("ETag", `"`+hash+`-gzip"`)
		header.Set("Content-Encoding", "gzip")
	} else {
		header.Set("ETag", `"`+hash+`"`)
		var err error
		if body, err = gunzip(body); err != nil {
			http.Error(w, "broken asset", http.StatusInternalServerError)
			return
		}
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// acceptsGzip leaves the wildcard coding aside: plain bytes suit it too.
func acceptsGzip(r *http.Request) bool {
	accepted := strings.Join(r.Header.Values("Accept-Encoding"), ",")
	for part := range strings.SplitSeq(accepted, ",") {
		coding, weight, weighted := strings.Cut(part, ";")
		if !strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			continue
		}
		if !weighted {
			return true
		}
		_, q, _ := strings.Cut(weight, "=")
		value, err := strconv.ParseFloat(strings.TrimSpace(q), 64)
		return err == nil && value > 0
	}
	return false
}

func gunzip(gzipped []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(gzipped))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
