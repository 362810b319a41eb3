package views

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"golang.org/x/net/html"
)

// node is an element of a rendered page.
type node struct{ *html.Node }

// render renders a component as a browser without JavaScript parses it.
func render(t *testing.T, c templ.Component) node {
	t.Helper()
	ctx := templ.WithNonce(t.Context(), "some-nonce")
	var buf bytes.Buffer
	if err := c.Render(ctx, &buf); err != nil {
		t.Fatalf("render: %v", err)
	}
	doc, err := html.ParseWithOptions(&buf, html.ParseOptionEnableScripting(false))
	if err != nil {
		t.Fatalf("parse: %v", err)
	}
	return node{doc}
}

// all finds the elements that match a selector, in the order of the page. A
// selector is names of elements with #id, .class, [attr], [attr=value], joined
// by blanks for "somewhere inside".
func (n node) all(selector string) []node {
	found := []node{n}
	for step := range strings.FieldsSeq(selector) {
		var next []node
		for _, from := range found {
			for d := range from.Descendants() {
				if d.Type == html.ElementNode && matches(node{d}, step) && !slices.Contains(next, node{d}) {
					next = append(next, node{d})
				}
			}
		}
		found = next
	}
	return found
}

// one is the only element that matches.
func (n node) one(t *testing.T, selector string) node {
	t.Helper()
	found := n.all(selector)
	if len(found) != 1 {
		t.Fatalf("%s: got %d elements, want 1", selector, len(found))
	}
	return found[0]
}

func matches(n node, step string) bool {
	for step != "" {
		end := strings.IndexAny(step[1:], "#.[") + 1
		if end == 0 {
			end = len(step)
		}
		if step[0] == '[' {
			end = strings.IndexByte(step, ']') + 1
		}
		if !matchesSimple(n, step[:end]) {
			return false
		}
		step = step[end:]
	}
	return true
}

func matchesSimple(n node, s string) bool {
	switch s[0] {
	case '#':
		return n.attr("id") == s[1:]
	case '.':
		return slices.Contains(strings.Fields(n.attr("class")), s[1:])
	case '[':
		name, value, valued := strings.Cut(strings.Trim(s, "[]"), "=")
		return n.has(name) && (!valued || n.attr(name) == value)
	default:
		return n.Data == s
	}
}

func (n node) has(attr string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == attr })
}

func (n node) attr(name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// text is what the element says, blanks made single.
func (n node) text() string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// texts are the texts of all elements that match.
func (n node) texts(selector string) []string {
	var list []string
	for _, m := range n.all(selector) {
		list = append(list, m.text())
	}
	return list
}
