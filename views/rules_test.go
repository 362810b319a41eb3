package views

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"golang.org/x/net/html"
)

// pagesDir makes TestPagesForTheEye write every page in every state, to be
// looked at in a browser beside a copy of the static files.
var pagesDir = flag.String("pages", "", "write all pages as HTML files into `directory`")

func TestPagesForTheEye(t *testing.T) {
	dir := *pagesDir
	if dir == "" {
		dir = t.TempDir()
	}
	for _, s := range states() {
		f, err := os.Create(filepath.Join(dir, s.name+".html"))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.page.Render(templ.WithNonce(t.Context(), "some-nonce"), f); err != nil {
			t.Errorf("%s: %v", s.name, err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// rules hold for every page and every part.
var rules = []struct {
	name  string
	check func(t *testing.T, n node)
}{
	{"no inline script, style or event", noInlineCode},
	{"only our own elements", onlyOurElements},
	{"ids are unique and references lead somewhere", idsAreSound},
	{"every field has a label", fieldsHaveLabels},
	{"every button and link says something", controlsSpeak},
	{"forms say where they go", formsGoSomewhere},
	{"addresses are of the same origin", addressesAreOurs},
}

func TestRules(t *testing.T) {
	for _, s := range slices.Concat(states(), fragments()) {
		n := render(t, s.page)
		for _, rule := range rules {
			t.Run(s.name+"/"+rule.name, func(t *testing.T) { rule.check(t, n) })
		}
	}
}

func noInlineCode(t *testing.T, n node) {
	for _, el := range n.all("[style]") {
		t.Errorf("<%s>: got a style attribute, want none", el.Data)
	}
	if got := len(n.all("style")); got != 0 {
		t.Errorf("got %d style elements, want none", got)
	}
	for _, el := range n.all("script") {
		if el.attr("src") == "" || el.attr("nonce") != "some-nonce" || el.text() != "" {
			t.Errorf("script %q: got nonce %q and text %q, want a file with the nonce", el.attr("src"), el.attr("nonce"), el.text())
		}
	}
	for d := range n.Descendants() {
		for _, a := range d.Attr {
			if strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Key, "hx-on") {
				t.Errorf("<%s>: got the event attribute %s, want none", d.Data, a.Key)
			}
		}
	}
}

// onlyOurElements catches markup that came in by a name.
func onlyOurElements(t *testing.T, n node) {
	for _, name := range []string{"img", "iframe", "object", "embed", "base", "dialog"} {
		if got := len(n.all(name)); got != 0 {
			t.Errorf("got %d <%s>, want none", got, name)
		}
	}
	if got := len(n.all("script")); got != 0 && got != 3 {
		t.Errorf("got %d scripts, want the page's 3 or, in a part, none", got)
	}
}

func idsAreSound(t *testing.T, n node) {
	ids := map[string]int{}
	for _, el := range n.all("[id]") {
		ids[el.attr("id")]++
	}
	for id, count := range ids {
		if strings.ContainsAny(id, " \t\n") {
			t.Errorf("id %q: want no blank in it", id)
		}
		if count != 1 {
			t.Errorf("id %s: got it %d times, want once", id, count)
		}
	}
	for d := range n.Descendants() {
		for _, a := range d.Attr {
			switch a.Key {
			case "for", "aria-labelledby", "aria-describedby":
				for ref := range strings.FieldsSeq(a.Val) {
					if ids[ref] == 0 {
						t.Errorf("<%s %s=%q>: got no element with that id", d.Data, a.Key, a.Val)
					}
				}
			}
		}
	}
}

func fieldsHaveLabels(t *testing.T, n node) {
	for _, el := range n.all("input") {
		if el.attr("type") == "hidden" || inside(el, "label") {
			continue
		}
		labels := n.all("label[for=" + el.attr("id") + "]")
		if el.attr("id") == "" || len(labels) != 1 || labels[0].text() == "" {
			t.Errorf("input %q: got %d labels, want 1 with a text", el.attr("name"), len(labels))
		}
	}
	for _, el := range n.all("progress") {
		if el.attr("aria-labelledby") == "" && len(n.all("label[for="+el.attr("id")+"]")) == 0 {
			t.Errorf("progress %q: got no label, want one", el.attr("id"))
		}
	}
}

func inside(n node, name string) bool {
	for a := range n.Ancestors() {
		if a.Type == html.ElementNode && a.Data == name {
			return true
		}
	}
	return false
}

func controlsSpeak(t *testing.T, n node) {
	for _, selector := range []string{"button", "a", "summary", "h1", "h2", "title"} {
		for _, el := range n.all(selector) {
			if el.text() == "" {
				t.Errorf("<%s>: got no text, want one", selector)
			}
		}
	}
}

func formsGoSomewhere(t *testing.T, n node) {
	for _, el := range n.all("form") {
		looks := el.attr("method") == "get" && el.attr("role") == "search"
		if el.attr("action") == "" || el.attr("method") != "post" && !looks {
			t.Errorf("form %q: got action %q and method %q, want an address, and post for what isn't a search", el.attr("id"), el.attr("action"), el.attr("method"))
		}
		if inside(el, "form") {
			t.Errorf("form %q: got it inside another form", el.attr("id"))
		}
	}
	for _, el := range n.all("button") {
		copies := el.attr("data-copy") != "" // without a script it isn't there
		if copies && (el.attr("type") != "button" || !el.has("hidden")) {
			t.Errorf("button %q: got type %q, want a button that only a script shows", el.text(), el.attr("type"))
		}
		if !copies && el.attr("type") != "submit" {
			t.Errorf("button %q: got type %q, want submit", el.text(), el.attr("type"))
		}
	}
}

func addressesAreOurs(t *testing.T, n node) {
	for d := range n.Descendants() {
		for _, a := range d.Attr {
			if slices.Contains([]string{"href", "action", "src", "hx-get", "hx-post", "sse-connect", "data-landing", "data-push-url"}, a.Key) &&
				(strings.Contains(a.Val, ":") || strings.HasPrefix(a.Val, "//") || a.Val == "") {
				t.Errorf("<%s %s=%q>: got another origin or nothing", d.Data, a.Key, a.Val)
			}
		}
	}
}

func TestWholePages(t *testing.T) {
	for _, s := range states() {
		t.Run(s.name, func(t *testing.T) {
			n := render(t, s.page)
			if got := n.one(t, "html").attr("lang"); got != "en" {
				t.Errorf("language: got %q, want en", got)
			}
			if got := n.one(t, "title").text(); !strings.HasSuffix(got, " · Add to Mojo") || len(got) < 20 {
				t.Errorf("title: got %q, want a page's own with the product's name", got)
			}
			if console := len(n.all("body.console")) > 0; console && len(n.all(".problem")) == 0 {
				// support's own pages belong to no launch: only a problem has a code
			} else if got := n.one(t, "footer kbd").text(); got != "K7M4-Q2XD" {
				t.Errorf("support code: got %q", got)
			}
			n.one(t, "main h1")
			n.one(t, "#announce[role=status]")
			headingsInOrder(t, n)
		})
	}
}

// headingsInOrder checks that no level of heading is left out.
func headingsInOrder(t *testing.T, n node) {
	t.Helper()
	level := 0
	for d := range n.Descendants() {
		if d.Type != html.ElementNode || len(d.Data) != 2 || d.Data[0] != 'h' || d.Data[1] < '1' || d.Data[1] > '6' {
			continue
		}
		next := int(d.Data[1] - '0')
		if next > level+1 {
			t.Errorf("<%s> %q: got it after a level %d heading", d.Data, node{d}.text(), level)
		}
		level = next
	}
}

func TestHTMXIsTamed(t *testing.T) {
	n := render(t, ChoosePage(someChoose()))
	config := n.one(t, "meta[name=htmx-config]").attr("content")
	for _, want := range []string{`"includeIndicatorStyles":false`, `"allowEval":false`, `"allowScriptTags":false`, `"selfRequestsOnly":true`, `{"code":"422","swap":true}`} {
		if !strings.Contains(config, want) {
			t.Errorf("htmx-config: got %s, want %s in it", config, want)
		}
	}
}
