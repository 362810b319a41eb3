package bridge

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestPlainText(t *testing.T) {
	for _, test := range []struct{ note, want string }{
		{"", ""},
		{"Wants a valuation", "Wants a valuation"},
		{"one\r\ntwo\n\n\n\nthree", "one\ntwo\n\nthree"},
		{"a < b and c > d", "a < b and c > d"},
		{"5 &amp; 6", "5 &amp; 6"}, // not HTML, so it is meant as written
		{"<p>Hello <b>Ann</b> &amp; Bob</p><p>Call&nbsp;back</p>", "Hello Ann & Bob\n\nCall back"},
		{"one<br>two<br/>three", "one\ntwo\nthree"},
		{"<ul><li>pool</li><li>4 beds</li></ul>", "- pool\n- 4 beds"},
		{"<style>p{color:red}</style><p>text</p><script>alert(1)</script>", "text"},
		{"<div>a</div><!-- hidden --><div>b</div>", "a\n\nb"},
		{"<p>unclosed", "unclosed"},
		{"tab\there", "tab here"},
		{"bell\x07 and nul\x00", "bell and nul"},
		{"<p><b>voilà</b>, Å<i>x</i></p>", "voilà, Åx"}, // letters whose last byte looks like a blank
		{"From: Ann Lee <ann@example.com>\nhello", "From: Ann Lee <ann@example.com>\nhello"},
		{"if a <b and c> d then 5<6", "if a <b and c> d then 5<6"},
		{"</style>text after a stray end tag", "text after a stray end tag"},
		{"<head><title>x</title><body>text of a head that never ends", "text of a head that never ends"},
		{"<table><tr><td>Beds</td><td>4</td></tr></table>", "Beds 4"},
	} {
		if got := plainText(test.note); got != test.want {
			t.Errorf("plainText(%q) = %q, want %q", test.note, got, test.want)
		}
	}
}

func TestJoinWords(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{" Ann \t Lee\n", "Ann Lee"},
		{"\u200b", ""},
		{" \u200e\u200d \ufeff", ""},
		{"Ann\u200b Lee\ufeff", "Ann Lee"},
		{"\u200eann@example.com\u200f", "ann@example.com"},
		{"\u202bדנה כהן\u202c", "דנה כהן"},
		{"\u202eeeL nnA", "eeL nnA"},
		{"Ann 👩\u200d👧 Lee", "Ann 👩\u200d👧 Lee"},
		{"نمی\u200cدانم", "نمی\u200cدانم"},
	} {
		if got := joinWords(test.text); got != test.want {
			t.Errorf("joinWords(%q) = %q, want %q", test.text, got, test.want)
		}
	}
}

func TestCutKeepsTheLimitWithItsMark(t *testing.T) {
	got := cut(strings.Repeat("é", 5000), noteLength, cutMark)
	if n := utf8.RuneCountInString(got); n != noteLength || !strings.HasSuffix(got, cutMark) {
		t.Errorf("cut gives %d characters ending in %q, want %d ending in the mark", n, got[len(got)-20:], noteLength)
	}
	if got := cut("short", 10, cutMark); got != "short" {
		t.Errorf("cut(short) = %q, want it whole", got)
	}
}

func FuzzPlainText(f *testing.F) {
	f.Add("<p>Hello <b>Ann</b> &amp; Bob</p>\x00<br><script>")
	f.Fuzz(func(t *testing.T, note string) {
		for _, r := range plainText(note) {
			if unicode.IsControl(r) && r != '\n' {
				t.Errorf("plainText(%q) lets the control character %q through", note, r)
			}
		}
	})
}
