package fault

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page's template and style
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string

	pageTemplate = template.Must(template.New("page").Parse(pageHTML))
)

// Page is the web page on which a person sees, adds and removes a stand-in's
// faults. It is one route; stand-ins mount it at /sandbox/faults.
type Page struct {
	Set       *Set
	Partner   string   // shown in the title: "Mojo", "Wise Agent"
	Home      string   // where the link back to the stand-in leads
	Endpoints []string // the partner's endpoints, as the rules name them
}

// form is what a person typed to add a rule, kept for showing it again.
type form struct {
	Endpoint, Kind, Delay, Status, RetryAfter, Share, Times string

	Problems map[string]string // by name of the field
}

// problem is what is wrong with a field, if there is a text.
type problem struct{ Field, Text string }

// Problem is the field's problem, for the template.
func (f form) Problem(field string) problem { return problem{field, f.Problems[field]} }

// pageView is what the template shows.
type pageView struct {
	Page
	Style template.CSS
	Form  form
	Kinds []kindView
	Rules []ruleView
	Any   string
}

type kindView struct {
	Kind Kind
	Text string
}

type ruleView struct {
	ID                            int
	Endpoint, Text, Details, Left string
	Everywhere                    bool // the endpoint is Any
	Hits                          int
}

// ServeHTTP shows the page for GET, and for POST does what the form's field
// "action" says: add, remove or clear. Other sites' forms are refused.
func (p Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	http.NewCrossOriginProtection().Handler(http.HandlerFunc(p.serve)).ServeHTTP(w, r)
}

func (p Page) serve(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		p.render(w, http.StatusOK, form{})
		return
	case http.MethodPost:
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		http.Error(w, "Method not allowed", http.StatusMethodNotAllowed)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	switch r.PostFormValue("action") {
	case "add":
		rule, f := p.parse(r)
		if len(f.Problems) > 0 {
			p.render(w, http.StatusUnprocessableEntity, f)
			return
		}
		p.Set.Add(rule)
	case "remove":
		id, err := strconv.Atoi(r.PostFormValue("id"))
		if err != nil {
			http.Error(w, "Which fault?", http.StatusBadRequest)
			return
		}
		p.Set.Remove(id)
	case "clear":
		p.Set.Clear()
	default:
		http.Error(w, "Add, remove or clear?", http.StatusBadRequest)
		return
	}
	http.Redirect(w, r, r.URL.Path, http.StatusSeeOther)
}

// parse reads the form. The rule counts only when the form has no problems.
func (p Page) parse(r *http.Request) (Rule, form) {
	f := form{
		Endpoint: r.PostFormValue("endpoint"), Kind: r.PostFormValue("kind"),
		Delay: r.PostFormValue("delay"), Status: r.PostFormValue("status"),
		RetryAfter: r.PostFormValue("retry_after"), Share: r.PostFormValue("share"),
		Times: r.PostFormValue("times"), Problems: make(map[string]string),
	}
	if f.Endpoint != Any && !slices.Contains(p.Endpoints, f.Endpoint) {
		f.Problems["endpoint"] = "Choose an endpoint from the list."
	}
	if !slices.Contains(Kinds(), Kind(f.Kind)) {
		f.Problems["kind"] = "Choose a fault from the list."
	}
	rule := Rule{
		Endpoint:   f.Endpoint,
		Kind:       Kind(f.Kind),
		Delay:      seconds(f.number("delay", f.Delay, 0, 3600)),
		Status:     int(f.number("status", f.Status, 400, 599)),
		RetryAfter: seconds(f.number("retry_after", f.RetryAfter, 0, 86400)),
		Share:      f.number("share", f.Share, 1, 100) / 100,
		Times:      int(f.number("times", f.Times, 1, 1e6)),
	}
	if (rule.Kind == Latency || rule.Kind == Late) && rule.Delay == 0 && f.Problems["delay"] == "" {
		f.Problems["delay"] = "Say how many seconds an answer takes."
	}
	return rule, f
}

// number reads a field that may be empty, which means 0.
func (f *form) number(name, text string, low, high float64) float64 {
	if text = strings.TrimSpace(text); text == "" {
		return 0
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n >= low && n <= high) {
		f.Problems[name] = fmt.Sprintf("Give a number from %.0f to %.0f, or leave it empty.", low, high)
		return 0
	}
	return n
}

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

// render sends the page.
func (p Page) render(w http.ResponseWriter, status int, f form) {
	view := pageView{Page: p, Style: template.CSS(pageCSS), Form: f, Any: Any}
	for _, k := range Kinds() {
		view.Kinds = append(view.Kinds, kindView{k, k.text()})
	}
	for _, r := range p.Set.Rules() {
		view.Rules = append(view.Rules, r.view(p.Set.Hits(r.ID)))
	}
	var page bytes.Buffer
	if err := pageTemplate.Execute(&page, view); err != nil {
		http.Error(w, "The page could not be made.", http.StatusInternalServerError)
		return
	}
	hash := sha256.Sum256([]byte(pageCSS))
	w.Header().Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "+
		"style-src 'sha256-"+base64.StdEncoding.EncodeToString(hash[:])+"'")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(page.Bytes())
}

// text is the kind in words.
func (k Kind) text() string {
	switch k {
	case Latency:
		return "Slow answers"
	case Late:
		return "Effect at once, answer late"
	case TooMany:
		return "429 Too Many Requests"
	case ServerError:
		return "Server errors (5xx)"
	case Timeout:
		return "No answer at all"
	case CutBefore:
		return "Connection cut before the effect"
	case CutAfter:
		return "Connection cut after the effect"
	case HTML:
		return "HTML log-in page instead of JSON"
	case Truncated:
		return "Answer cut in the middle"
	case HalfJSON:
		return "Half of the JSON, complete answer"
	case ErrorIn200:
		return "200 with an error in the JSON"
	case ExpiredToken:
		return "Access token expired"
	case RevokedToken:
		return "Access token revoked"
	}
	return string(k)
}

// view is the rule in words.
func (r Rule) view(hits int) ruleView {
	v := ruleView{ID: r.ID, Endpoint: r.Endpoint, Text: r.Kind.text(), Everywhere: r.Endpoint == Any, Hits: hits, Left: "until removed"}
	if r.Times > 0 {
		v.Left = fmt.Sprintf("%d left", r.Times)
	}
	var details []string
	if r.Delay > 0 {
		details = append(details, r.Delay.String())
	}
	if r.Status > 0 {
		details = append(details, fmt.Sprintf("status %d", r.Status))
	}
	if r.RetryAfter > 0 {
		details = append(details, fmt.Sprintf("Retry-After %g s", r.RetryAfter.Seconds()))
	}
	if r.Share > 0 && r.Share < 1 {
		details = append(details, fmt.Sprintf("%g %% of requests", r.Share*100))
	}
	v.Details = strings.Join(details, ", ")
	return v
}
