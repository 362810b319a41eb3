package post

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page's template and style
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"regexp"
	"slices"
)

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string

	pageTemplate = template.Must(template.New("page").Parse(pageHTML))

	// address finds what a person would click in a mail's text.
	address = regexp.MustCompile(`https?://[^\s<>"]+`)
)

// pageView is what the template shows.
type pageView struct {
	Style template.CSS
	Mails []mailView
	Hooks []hookView
}

type mailView struct {
	Mail
	Parts []part
}

// part is a piece of a mail's text; with an URL it is a link.
type part struct{ Text, URL string }

type hookView struct {
	Hook
	Pretty string // the body, indented
}

// page lists what came, the newest first. A policy keeps whatever is in it from doing anything.
func (s *Server) page(w http.ResponseWriter, _ *http.Request) {
	view := pageView{Style: template.CSS(pageCSS)}
	for _, m := range slices.Backward(s.Mails()) {
		view.Mails = append(view.Mails, mailView{m, parts(m.Text)})
	}
	for _, h := range slices.Backward(s.Hooks()) {
		var pretty bytes.Buffer
		if json.Indent(&pretty, []byte(h.Body), "", "  ") != nil {
			pretty.Reset()
			pretty.WriteString(h.Body)
		}
		view.Hooks = append(view.Hooks, hookView{h, pretty.String()})
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, view); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	sum := sha256.Sum256([]byte(pageCSS))
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", fmt.Sprintf("default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; frame-ancestors 'none'",
		base64.StdEncoding.EncodeToString(sum[:])))
	w.Write(b.Bytes())
}

// parts takes a text apart at its addresses.
func parts(text string) (list []part) {
	at := 0
	for _, found := range address.FindAllStringIndex(text, -1) {
		list = append(list, part{Text: text[at:found[0]]}, part{Text: text[found[0]:found[1]], URL: text[found[0]:found[1]]})
		at = found[1]
	}
	return append(list, part{Text: text[at:]})
}
