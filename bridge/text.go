package bridge

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/net/html"
)

var (
	htmlTag   = regexp.MustCompile(`</?[a-zA-Z][^<>]*>|<!--`)
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
			hidden += writeTag(&out, z, -1)
		case html.SelfClosingTagToken:
			writeTag(&out, z, 0)
		}
	}
}

// writeTag writes the line break that a tag means and returns how it changes what is hidden.
func writeTag(out *strings.Builder, z *html.Tokenizer, step int) int {
	name, _ := z.TagName()
	switch string(name) {
	case "script", "style", "head", "title":
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
	words := strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) })
	if len(words) == 0 && s != "" {
		return []string{"", ""}
	}
	if s != "" && unicode.IsSpace(rune(s[0])) {
		words = append([]string{""}, words...)
	}
	if s != "" && unicode.IsSpace(rune(s[len(s)-1])) {
		words = append(words, "")
	}
	return words
}

// tidyLines drops control characters, blanks at line ends and runs of empty lines.
func tidyLines(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	lines := strings.Split(printableLines(s), "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.TrimSpace(manyLines.ReplaceAllString(strings.Join(lines, "\n"), "\n\n"))
}

// printable drops control characters and makes line breaks blanks.
func printable(s string) string {
	return strings.ReplaceAll(printableLines(s), "\n", " ")
}

// printableLines drops control characters but keeps line breaks; a tab becomes a blank.
func printableLines(s string) string {
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

// cut shortens s to at most n characters (runes), the mark included.
func cut(s string, n int, mark string) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return string(runes[:n-len([]rune(mark))]) + mark
}
