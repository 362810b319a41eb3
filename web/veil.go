package web

import (
	"regexp"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"addtomojo/bridge"
)

// shownFor is how long e-mails and numbers of an account stay shown after "Show".
const shownFor = 5 * time.Minute

// shown is an account whose e-mails and numbers a staff member asked to see.
type shown struct {
	Account string    `json:"account"`
	Until   time.Time `json:"until"`
}

// veil hides customers' e-mails and numbers, unless the staff member asked to see those of the account.
type veil struct{ lifted bool }

func (a *app) veilOf(c echo.Context, connID string) veil {
	who := staffOf(c)
	return veil{lifted: who.Shown.Account == connID && a.now().Before(who.Shown.Until)}
}

// email is the e-mail, or j***@kw.com.
func (v veil) email(email string) string {
	if v.lifted || email == "" {
		return email
	}
	return bridge.Masked(email)
}

// text is a text in which e-mails and phone numbers are masked: whoever types a name or a reason may type one there.
func (v veil) text(s string) string {
	if v.lifted {
		return s
	}
	s = emailIn.ReplaceAllStringFunc(s, bridge.Masked)
	return numberIn.ReplaceAllStringFunc(s, func(found string) string {
		if idOrDay.MatchString(found) {
			return found
		}
		return maskedNumber(found)
	})
}

var (
	// emailIn is an e-mail, or the beginning of one.
	emailIn = regexp.MustCompile(`[^\s@<>"(),;:]+@[^\s@<>"(),;:]*`)
	// idOrDay is what looks like a number and is none.
	idOrDay = regexp.MustCompile(`^(?:` + idOrDayIn + `)$`)
	// numberIn is seven digits or more, with what people write between them; an id and a day are found whole, and first.
	numberIn = regexp.MustCompile(idOrDayIn + `|\+?\(?\d(?:[\s\p{Zs}\p{Pd}.()/]{0,3}\d){6,}`)
)

const idOrDayIn = `[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|20\d\d-[01]\d-[0-3]\d\b(?:[ T]\d\d:\d\d)?`

// maskedNumber keeps the last four digits: •••0143.
func maskedNumber(s string) string {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
	return "•••" + digits[max(0, len(digits)-4):]
}
