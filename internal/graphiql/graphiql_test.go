package graphiql

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func serve(method, target string, header http.Header) *http.Response {
	r := httptest.NewRequest(method, target, nil)
	if header != nil {
		r.Header = header
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w.Result()
}

func read(t *testing.T, res *http.Response) []byte {
	t.Helper()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func accepting(codings ...string) http.Header {
	return http.Header{"Accept-Encoding": codings}
}

// references returns the absolute paths that the page loads.
func references(t *testing.T, page []byte) []string {
	t.Helper()
	var paths []string
	for _, match := range regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllSubmatch(page, -1) {
		paths = append(paths, string(match[1]))
	}
	if len(paths) == 0 {
		t.Fatal("the page refers to nothing")
	}
	return paths
}

func TestPage(t *testing.T) {
	for _, target := range []string{Path, Path + "/"} {
		res := serve(http.MethodGet, target, nil)
		if res.StatusCode != http.StatusOK {
			t.Fatalf("GET %s: status %d", target, res.StatusCode)
		}
		for name, want := range map[string]string{
			"Content-Type":            "text/html; charset=utf-8",
			"Content-Security-Policy": contentSecurityPolicy,
			"X-Content-Type-Options":  "nosniff",
			"Referrer-Policy":         "no-referrer",
			"Cache-Control":           "no-cache",
			"Vary":                    "Accept-Encoding",
		} {
			if got := res.Header.Get(name); got != want {
				t.Errorf("GET %s: %s is %q, want %q", target, name, got, want)
			}
		}
		if page := read(t, res); !bytes.Contains(page, []byte("<title>Mandate · GraphiQL</title>")) {
			t.Errorf("GET %s: no title in %s", target, page)
		}
	}
}

func TestPageLoadsOnlyOwnAssets(t *testing.T) {
	page := read(t, serve(http.MethodGet, Path, nil))
	for _, reference := range references(t, page) {
		if !strings.HasPrefix(reference, Path+"/assets/") {
			t.Errorf("the page refers to %s", reference)
			continue
		}
		res := serve(http.MethodGet, reference, nil)
		if res.StatusCode != http.StatusOK {
			t.Errorf("GET %s: status %d", reference, res.StatusCode)
		}
		if got := res.Header.Get("Cache-Control"); !strings.Contains(got, "immutable") {
			t.Errorf("GET %s: Cache-Control is %q", reference, got)
		}
	}
	if bytes.Contains(page, []byte("://")) {
		t.Errorf("the page holds an absolute URL:\n%s", page)
	}
	if inline := regexp.MustCompile(`<script[^>]*>[^<]`).Find(page); inline != nil {
		t.Errorf("the policy forbids the inline script %s", inline)
	}
}

// Scripts load their chunks and workers by name, and styles their fonts.
func TestAssetsReferToExistingAssets(t *testing.T) {
	assets, err := load()
	if err != nil {
		t.Fatal(err)
	}
	reference := regexp.MustCompile(`(?:\./|assets/)[\w.-]+-[\w-]{8}\.(?:js|css|ttf|svg)\b`)
	remote := regexp.MustCompile(`(?:url\(|@import\s|\bimport\(|\bfrom)\s*["'` + "`" + `]?(?:https?:)?//`)
	workers := 0
	for target := range assets {
		body := read(t, serve(http.MethodGet, target, nil))
		if !strings.HasSuffix(target, ".js") && !strings.HasSuffix(target, ".css") {
			continue
		}
		for _, found := range reference.FindAll(body, -1) {
			_, name, _ := strings.Cut(string(found), "/")
			if _, ok := assets[Path+"/assets/"+name]; !ok {
				t.Errorf("%s refers to %s, which is missing", target, found)
			}
			if strings.Contains(name, ".worker-") {
				workers++
			}
		}
		if found := remote.Find(body); found != nil {
			t.Errorf("%s loads from elsewhere: %s", target, found)
		}
	}
	if workers < 3 {
		t.Errorf("found %d references to the editor, JSON and GraphQL workers, want 3 at least", workers)
	}
}

func TestEncoding(t *testing.T) {
	plain := read(t, serve(http.MethodGet, Path, nil))
	tests := []struct {
		name   string
		header http.Header
		gzip   bool
	}{
		{"none", accepting(), false},
		{"gzip", accepting("gzip"), true},
		{"browser", accepting("gzip, deflate, br, zstd"), true},
		{"two lines", accepting("br", "GZIP;q=0.5"), true},
		{"refused", accepting("br, gzip;q=0.0"), false},
		{"malformed weight", accepting("gzip;q=much"), false},
		{"wildcard", accepting("*"), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res := serve(http.MethodGet, Path, tt.header)
			body := read(t, res)
			if got := res.Header.Get("Content-Encoding") == "gzip"; got != tt.gzip {
				t.Fatalf("gzip is %t, want %t", got, tt.gzip)
			}
			if tt.gzip {
				var err error
				if body, err = gunzip(body); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(body, plain) {
				t.Error("the bodies differ")
			}
		})
	}
}

func TestRevalidation(t *testing.T) {
	zipped := serve(http.MethodGet, Path, accepting("gzip")).Header.Get("ETag")
	plain := serve(http.MethodGet, Path, nil).Header.Get("ETag")
	if zipped == "" || plain == "" || zipped == plain {
		t.Fatalf("the entity tags are %q and %q, want two different ones", zipped, plain)
	}
	header := accepting("gzip")
	header.Set("If-None-Match", zipped)
	if res := serve(http.MethodGet, Path, header); res.StatusCode != http.StatusNotModified {
		t.Errorf("status %d for a known entity tag", res.StatusCode)
	}
	header.Set("If-None-Match", plain)
	if res := serve(http.MethodGet, Path, header); res.StatusCode != http.StatusOK {
		t.Errorf("status %d for the entity tag of another encoding", res.StatusCode)
	}
}

func TestMethodsAndUnknownPaths(t *testing.T) {
	tests := []struct {
		method, target string
		status         int
	}{
		{http.MethodHead, Path, http.StatusOK},
		{http.MethodPost, Path, http.StatusMethodNotAllowed},
		{http.MethodOptions, Path + "/", http.StatusMethodNotAllowed},
		{http.MethodGet, "/", http.StatusNotFound},
		{http.MethodGet, Path + "/index.html", http.StatusNotFound},
		{http.MethodGet, Path + "/assets/", http.StatusNotFound},
		{http.MethodGet, Path + "/assets/../index.html", http.StatusNotFound},
		{http.MethodPost, Path + "/nothing", http.StatusNotFound},
	}
	for _, tt := range tests {
		res := serve(tt.method, tt.target, nil)
		if res.StatusCode != tt.status {
			t.Errorf("%s %s: status %d, want %d", tt.method, tt.target, res.StatusCode, tt.status)
		}
		if allow := res.Header.Get("Allow"); (allow == "GET, HEAD") != (tt.status == http.StatusMethodNotAllowed) {
			t.Errorf("%s %s: Allow is %q", tt.method, tt.target, allow)
		}
		if res.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s %s: no Content-Security-Policy", tt.method, tt.target)
		}
		if body := read(t, res); tt.method == http.MethodHead && len(body) != 0 {
			t.Errorf("HEAD %s: a body of %d bytes", tt.target, len(body))
		}
	}
}
