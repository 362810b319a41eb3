package web

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// raw asks as a browser that takes the encodings, and gives the body as it came over the wire.
func (b *browser) raw(path, encodings string) *answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.h.address(path), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", encodings)
	return b.do(r)
}

// unzipped is the answer's body as the browser reads it.
func (a *answer) unzipped() string {
	a.t.Helper()
	z, err := gzip.NewReader(strings.NewReader(a.body))
	if err != nil {
		a.t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		a.t.Fatal(err)
	}
	return string(plain)
}

func TestLargePagesAreCompressed(t *testing.T) {
	h := newHouse(t, nil)
	for i := range 300 {
		h.mojo.AddGroup("8812", fmt.Sprintf("Expireds of week %d in Tucson", i))
	}
	b := h.browser()
	launch := b.connect(12)
	b.ready(launch)
	for encodings, zipped := range map[string]bool{
		"gzip": true, "gzip, deflate, br, zstd": true, "br;q=1.0, gzip;q=0.5": true, "GZIP": true, "gzip; q=1": true,
		"": false, "identity": false, "gzip;q=0": false, "gzip; q=0.000": false, "br": false, "x-gzip2": false,
	} {
		a := b.raw(launch, encodings).want(200)
		if got := a.header.Get("Content-Encoding") == "gzip"; got != zipped {
			t.Errorf("Accept-Encoding %q: got compressed %v, want %v", encodings, got, zipped)
			continue
		}
		if !strings.Contains(strings.Join(a.header.Values("Vary"), ","), "Accept-Encoding") {
			t.Errorf("Accept-Encoding %q: no Vary", encodings)
		}
		page := a.body
		if zipped {
			page = a.unzipped()
		}
		if n := strings.Count(page, "Expireds of week"); n < 300 || !strings.HasSuffix(strings.TrimSpace(page), "</html>") {
			t.Errorf("Accept-Encoding %q: got %d groups of 300, or no end", encodings, n)
		}
		if got := a.header.Get("Content-Type"); got != "text/html; charset=UTF-8" {
			t.Errorf("Accept-Encoding %q: Content-Type %q", encodings, got)
		}
	}
	if got := b.popupSize(launch); got > 100_000 {
		t.Errorf("the popup with 300 groups: got %d bytes over the wire, want 100 kB at most", got)
	}
}

// popupSize is what a browser loads for a page: itself, and what it names.
func (b *browser) popupSize(path string) int {
	page := b.raw(path, "gzip")
	total := len(page.body)
	doc, err := html.Parse(strings.NewReader(page.unzipped()))
	if err != nil {
		b.t.Fatal(err)
	}
	parts := 0
	for n := range doc.Descendants() {
		for _, name := range []string{"src", "href"} {
			if address, ok := attr(n, name); ok && strings.HasPrefix(address, "/static/") {
				parts++
				total += len(b.raw(address, "gzip").want(200).body)
			}
		}
	}
	if parts < 4 {
		b.t.Errorf("files of the page: got %d, want style, scripts and icon", parts)
	}
	return total
}

// What is small gains nothing, what says back what somebody sent must not be measured, and a stream must not wait.
func TestWhatIsNotCompressed(t *testing.T) {
	p := newParty(t)
	ids := strings.Repeat("%3Cimg%20src=x%3E,", 9)
	p.jane.raw("/launch?contacts="+ids, "gzip").to(problemPath)
	for _, path := range []string{"/", problemPath, "/nothing/here", "/healthz", p.push + "/events", p.launch + "/preflight"} {
		if got := p.jane.raw(path, "gzip").header.Get("Content-Encoding"); got != "" {
			t.Errorf("%s: got Content-Encoding %q, want none", path, got)
		}
	}
}

func BenchmarkZip(b *testing.B) {
	page := bytes.Repeat([]byte(`<label class="choice" data-name="Expireds"><input type="radio" name="group" value="41"></label>`), 700)
	a := &app{}
	b.SetBytes(int64(len(page)))
	for b.Loop() {
		if _, err := a.zip(page); err != nil {
			b.Fatal(err)
		}
	}
}
