package bridge

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
)

var (
	// htmlTag tells HTML from text in which somebody is quoted as "Ann Lee <ann@example.com>".
	htmlTag = regexp.MustCompile(`(?i)</?(?:a|abbr|b|big|blockquote|body|br|center|code|div|em|font|h[1-6]|head|hr|html|i|img|li|` +
		`meta|o:p|ol|p|pre|s|script|small|span|strike|strong|style|sub|sup|table|tbody|td|tfoot|th|thead|title|tr|u|ul)` +
		`(?:\s+[a-z:-]+\s*=[^<>]*)?\s*/?>|<!--`)
	manyLines = regexp.MustCompile(`\n{3,}`)
)

// plainText turns a Wise Agent note, which may be HTML, into text with its line breaks.
func plainText(s string) string {
	if !htmlTag.MatchString(s) {
		return tidyLines(s)
	}
	var out strings.Builder
	hidden := 0
	for z := html.NewTokenizer(strings.NewReader(s)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return tidyLines(out.String())
		case html.TextToken:
			if hidden == 0 {
				out.WriteString(strings.Join(splitKeepingEdges(string(z.Text())), " "))
			}
		case html.StartTagToken:
			hidden += writeTag(&out, z, 1)
		case html.EndTagToken:
			hidden = max(0, hidden+writeTag(&out, z, -1)) // an end without a beginning hides nothing
		case html.SelfClosingTagToken:
			writeTag(&out, z, 0)
		}
	}
}

// writeTag writes the line break that a tag means and returns how it changes what is hidden.
func writeTag(out *strings.Builder, z *html.Tokenizer, step int) int {
	name, _ := z.TagName()
	switch string(name) {
	case "script", "style", "title":
		return step
	case "br":
		out.WriteString("\n")
	case "li":
		if step > 0 {
			out.WriteString("\n- ")
		}
	case "p", "div", "tr", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote":
		out.WriteString("\n")
	case "td", "th":
		if step > 0 {
			out.WriteString(" ")
		}
	}
	return 0
}

// splitKeepingEdges folds white space as a browser does and keeps a blank at either end.
func splitKeepingEdges(s string) []string {
	words := strings.Fields(s)
	if len(words) == 0 && s != "" {
		return []string{"", ""}
	}
	if first, _ := utf8.DecodeRuneInString(s); unicode.IsSpace(first) {
		words = append([]string{""}, words...)
	}
	if last, _ := utf8.DecodeLastRuneInString(s); unicode.IsSpace(last) {
		words = append(words, "")
	}
	return words
}

var lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// tidyLines drops control characters, blanks at line ends and runs of empty lines.
func tidyLines(s string) string {
	if !strings.ContainsAny(s, "\r\n") { // as most notes
		return strings.TrimSpace(printableLines(s))
	}
	lines := strings.Split(printableLines(lineBreaks.Replace(s)), "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.TrimSpace(manyLines.ReplaceAllString(strings.Join(lines, "\n"), "\n\n"))
}

// visible drops what can't be seen and has no use within a line: zero-width blanks, and marks of direction, which would go on turning
// what stands behind the line. Joiners stay, for they shape scripts and emoji; alone they are nothing.
func visible(s string) string {
	if plainASCII(s) {
		return s
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\u00ad', r == '\u061c', r == '\u200b', r == '\u200e', r == '\u200f', r == '\ufeff',
			r >= '\u202a' && r <= '\u202e', r >= '\u2060' && r <= '\u206f':
			return -1
		}
		return r
	}, s)
	if strings.Trim(s, "\u200c\u200d\ufe0f \n") == "" {
		return ""
	}
	return s
}

// printable drops control characters and makes line breaks blanks.
func printable(s string) string {
	return strings.ReplaceAll(printableLines(s), "\n", " ")
}

// printableLines drops control characters but keeps line breaks; a tab becomes a blank.
func printableLines(s string) string {
	if plainASCII(s) { // as nearly always; looking at each character takes ten times as long
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t' || r == '\u00a0':
			return ' '
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, s)
}

// plainASCII tells that nothing in s is a control character or beyond ASCII.
func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// cut shortens s to at most n characters (runes), the mark included.
func cut(s string, n int, mark string) string {
	if len(s) <= n {
		return s // it has no more characters than bytes
	}
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return string(runes[:n-len([]rune(mark))]) + mark
}
