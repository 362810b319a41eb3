package bridge

import (
	"regexp"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

var (
	// phoneShape finds what is written like a US or Canadian number, so that words behind it never
	// turn into digits ("(416) 555-0199 home" would otherwise dial home's letters).
	phoneShape = regexp.MustCompile(`(?:\+?1[\s.\-/]*)?\(?[2-9]\d{2}\)?[\s.\-/]*\d{3}[\s.\-/]*\d{4}`)

	// doNotCallMark is how people mark a number that must not be dialed.
	doNotCallMark = regexp.MustCompile(`(?i)\b(?:DNC|do\s*not\s*call|don'?t\s*call)\b`)
)

// phoneField is what one free-text phone field of Wise Agent holds.
type phoneField struct {
	Numbers   []string // ten bare digits each, as Mojo wants them
	Text      string   // what is not a number: "ask for Bob", "ext 4"
	DoNotCall bool     // the field says so: "DNC"
}

// readPhone takes a phone field apart. Numbers are US or Canadian and valid; all else is text.
func readPhone(field string) phoneField {
	field = strings.TrimSpace(printable(field))
	out := phoneField{DoNotCall: doNotCallMark.MatchString(field)}
	var rest strings.Builder
	last := 0
	for _, at := range phoneShape.FindAllStringIndex(field, -1) {
		if touchesDigit(field, at) {
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
	out.Text = strings.Trim(strings.Join(strings.Fields(rest.String()), " "), " ,;:/-.()")
	return out
}

// touchesDigit tells whether a match is only a part of a longer number, as of "+44 20 7946 0958 1234".
func touchesDigit(s string, at []int) bool {
	before := strings.TrimRight(s[:at[0]], " .-()/")
	after := s[at[1]:]
	if before != "" && isDigit(before[len(before)-1]) && !strings.ContainsAny(s[len(before):at[0]], "/") {
		return true
	}
	return after != "" && isDigit(after[0])
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
