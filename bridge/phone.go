package bridge

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
)

var (
	// phoneShape finds what is written like a US or Canadian number, so that words behind it never
	// turn into digits ("(416) 555-0199 home" would otherwise dial home's letters).
	phoneShape = regexp.MustCompile(`(?:\+?1[\s.\-/]*)?\(?[2-9]\d{2}\)?[\s.\-/]*\d{3}[\s.\-/]*\d{4}`)

	// doNotCallMark is how people mark a number that must not be dialed. Figures may touch it: "5205550143DNC".
	doNotCallMark = regexp.MustCompile(`(?i)(?:^|[^a-z])(?:DNC|do[\s_-]*not[\s_-]*call|don['’]?t[\s_-]*call)(?:$|[^a-z])`)
)

// phoneField is what one free-text phone field of Wise Agent holds.
type phoneField struct {
	Numbers   []string // ten bare digits each, as Mojo wants them
	Text      string   // what is not a number: "ask for Bob", "ext 4"
	DoNotCall bool     // the field says so: "DNC"
}

// readPhone takes a phone field apart. Numbers are US or Canadian and valid; all else is text.
func readPhone(field string) phoneField {
	field = plainPhone(field)
	out := phoneField{DoNotCall: doNotCallMark.MatchString(field)}
	var rest strings.Builder
	last := 0
	for _, at := range phoneShape.FindAllStringIndex(field, -1) {
		if touchesDigit(field[last:], at[0]-last, at[1]-last) {
			continue
		}
		number, ok := tenDigits(field[at[0]:at[1]])
		if !ok {
			continue
		}
		out.Numbers = append(out.Numbers, number)
		rest.WriteString(field[last:at[0]] + " ")
		last = at[1]
	}
	rest.WriteString(field[last:])
	out.Text = strings.Trim(strings.Join(strings.Fields(rest.String()), " "), " ,;:/-.()_")
	return out
}

// plainPhone writes dashes and blanks of every kind as the plain ones, and leaves out what can't be seen: the marks
// around a number that was copied from a phone.
func plainPhone(field string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r < unicode.MaxASCII:
			return r
		case unicode.Is(unicode.Pd, r), r == '−':
			return '-'
		case unicode.Is(unicode.Zs, r):
			return ' '
		case unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, printable(field)))
}

// touchesDigit tells whether the match from begin to end is only a part of a longer number, as of
// "+44 20 7946 0958 1234". s begins behind the last number that was found.
func touchesDigit(s string, begin, end int) bool {
	before := strings.TrimRight(s[:begin], " .-()")
	return before != "" && isDigit(before[len(before)-1]) || end < len(s) && isDigit(s[end])
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// tenDigits is a valid number of the North American plan as ten digits.
func tenDigits(s string) (string, bool) {
	n, err := phonenumbers.Parse(s, "US")
	if err != nil || n.GetCountryCode() != 1 || !phonenumbers.IsValidNumber(n) {
		return "", false
	}
	national := phonenumbers.GetNationalSignificantNumber(n)
	return national, len(national) == 10
}
