package views

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Page is what every page needs around its own content.
type Page struct {
	Title  string // of the window and, on most pages, the heading; the layout adds the product's name
	Code   string // support code of the launch, as people read it out: "K7M4-Q2XD"; "" shows none
	Assets Assets
}

// Assets are the addresses of the static files, with hashed names.
type Assets struct {
	CSS  string // app.css
	HTMX string // vendor/htmx.min.js
	SSE  string // vendor/sse.min.js
	JS   string // app.js
	Icon string // icon.svg
}

// Account is who is connected, with the addresses that go with it. The zero
// value shows no account and no links.
type Account struct {
	Email     string // Wise Agent account
	MojoName  string // name of the Mojo account
	MojoLogin string // the login in that account

	GroupsURL   string // GET: group page of the launch; "" when the page is no part of a launch
	ActivityURL string // GET: what came from Mojo
	PushesURL   string // GET: earlier pushes
	ResetURL    string // GET: confirmation of Reset Credentials
	SignOutURL  string // POST
}

// Action is a way on from a page: a link, or a button that posts.
type Action struct {
	Label  string
	URL    string
	Post   bool // a form with method POST and nothing in it but Fields
	NewTab bool // opens beside the page
	Fields []Field
}

// Field is a hidden field of an Action's form.
type Field struct{ Name, Value string }

// Person is a contact as a list names it. Detail, if any, says why it is there.
type Person struct{ Name, Detail string }

// productInTitle ends the title of every window.
const productInTitle = " · Add to Mojo"

// supportInTitle ends it in the support console.
const supportInTitle = " · Support" + productInTitle

// noName is shown where a contact has no name at all.
const noName = "(no name)"

// htmxConfig switches off what a strict Content-Security-Policy forbids and
// what would leave contacts in the browser's storage, and lets a 422 be shown.
const htmxConfig = `{"includeIndicatorStyles":false,"allowEval":false,"allowScriptTags":false,` +
	`"selfRequestsOnly":true,"historyEnabled":false,"historyCacheSize":0,"responseHandling":[` +
	`{"code":"204","swap":false},{"code":"[23]..","swap":true},{"code":"422","swap":true},` +
	`{"code":"[45]..","swap":false,"error":true}]}`

// number writes n with commas: 5,000.
func number(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plural writes n with the word that fits it: "1 contact", "44 contacts".
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(n) + " " + many
}

func contacts(n int) string { return plural(n, "contact", "contacts") }

// waitText says how long d is, rounded up, as people say it.
func waitText(d time.Duration) string {
	if d < time.Minute {
		return plural(int((d+time.Second-1)/time.Second), "second", "seconds")
	}
	return plural(int((d+time.Minute-1)/time.Minute), "minute", "minutes")
}

// seconds rounds d up to whole seconds, for the countdown.
func seconds(d time.Duration) string {
	return strconv.Itoa(int((d + time.Second - 1) / time.Second))
}

// moment writes a time in the zone it carries: "Tue, Nov 24, 9:14 AM MST".
func moment(t time.Time) string { return t.Format("Mon, Jan 2, 3:04 PM MST") }

// isoTime is the machine-readable form of a time element.
func isoTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func orNoName(name string) string {
	if strings.TrimSpace(name) == "" {
		return noName
	}
	return name
}

// accountText is the line that says who is connected.
func accountText(a Account) string {
	text := a.MojoName
	if a.MojoLogin != "" {
		text = fmt.Sprintf("%s (%s)", a.MojoName, a.MojoLogin)
	}
	return strings.TrimSpace(text)
}
