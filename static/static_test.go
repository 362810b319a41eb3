package static_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"addtomojo/static"
)

func get(t *testing.T, h http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return w
}

func TestHashedNamesAreServedAndKept(t *testing.T) {
	files := static.New()
	for name, kind := range map[string]string{
		"app.css":            "text/css",
		"app.js":             "text/javascript",
		"icon.svg":           "image/svg+xml",
		"vendor/htmx.min.js": "text/javascript",
		"vendor/sse.min.js":  "text/javascript",
	} {
		path := files.Path(name)
		if !regexp.MustCompile(`^/static/.*-[0-9a-f]{64}\.`).MatchString(path) {
			t.Errorf("path of %s: got %q, want a hashed name", name, path)
		}
		w := get(t, files, path)
		if w.Code != http.StatusOK {
			t.Errorf("GET %s: got status %d, want 200", name, w.Code)
		}
		if got := w.Header().Get("Content-Type"); !strings.HasPrefix(got, kind) {
			t.Errorf("GET %s: got content type %q, want %s", name, got, kind)
		}
		if got := w.Header().Get("Cache-Control"); !strings.Contains(got, "max-age=31536000") {
			t.Errorf("GET %s: got Cache-Control %q, want a year", name, got)
		}
	}
}

func TestUnknownFileIsNotFound(t *testing.T) {
	if got := get(t, static.New(), "/static/nothing.css").Code; got != http.StatusNotFound {
		t.Errorf("GET a file that is not there: got status %d, want 404", got)
	}
}

func TestPopupStaysSmall(t *testing.T) {
	files, total := static.New(), 0
	for _, name := range []string{"app.css", "app.js", "icon.svg", "vendor/htmx.min.js", "vendor/sse.min.js"} {
		total += get(t, files, files.Path(name)).Body.Len()
	}
	if total > 92_000 { // before they are compressed; package web measures a whole popup as it goes over the wire
		t.Errorf("style, scripts and icon: got %d bytes, want at most 92,000 so that a page stays under 100 kB", total)
	}
}
