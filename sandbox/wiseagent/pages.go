package wiseagent

import (
	"bytes"
	"cmp"
	"embed"
	"html"
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

//go:embed assets
var assets embed.FS

//go:embed templates
var templateFiles embed.FS

// templates are the pages, one file each, within the frame of layout.html.
var templates = parseTemplates("login", "consent", "contacts", "contact", "launch", "load", "options", "problem")

func parseTemplates(names ...string) map[string]*template.Template {
	all := map[string]*template.Template{}
	for _, name := range names {
		all[name] = template.Must(template.ParseFS(templateFiles, "templates/layout.html", "templates/"+name+".html"))
	}
	return all
}

// A frame is what every page is put into.
type frame struct {
	User    string // the name of who is signed in, "" for nobody
	Initial string // its first letter
	Page    any
}

// render writes a page. Nothing is sent unless the whole page is there.
func (s *Server) render(w http.ResponseWriter, r *http.Request, status int, name string, view any) {
	f := frame{Page: view}
	if a, ok := s.session(r); ok {
		f.User = cmp.Or(strings.TrimSpace(a.user.First+" "+a.user.Last), a.user.Email)
		f.Initial = string([]rune(f.User)[:1])
	}
	var b bytes.Buffer
	if err := templates[name].ExecuteTemplate(&b, "layout", f); err != nil {
		s.cfg.Log.Error("wise agent stand-in: render page", "page", name, "error", err)
		http.Error(w, "The page could not be shown.", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "same-origin") // with none at all, browsers would not say where a form comes from
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'")
	w.WriteHeader(status)
	w.Write(b.Bytes())
}

// problem is a page with one sentence.
func (s *Server) problem(w http.ResponseWriter, r *http.Request, status int, text string) {
	s.render(w, r, status, "problem", text)
}

// A consentView is the consent page.
type consentView struct {
	Email  string
	App    string // the host that the browser goes back to
	Fields []pair
	Scopes []scopeInfo
	Here   string
}

// renderConsent shows the consent page for what the app asked.
func (s *Server) renderConsent(w http.ResponseWriter, r *http.Request, user *account, asked authorization) {
	query := asked.query(s.cfg.ClientID)
	v := consentView{Email: user.user.Email, App: asked.redirect.Host, Fields: pairs(query), Here: "/WiseAuth/auth?" + query.Encode()}
	for _, scope := range scopes() {
		if slices.Contains(asked.scopes, scope.Name) {
			v.Scopes = append(v.Scopes, scope)
		}
	}
	s.render(w, r, http.StatusOK, "consent", v)
}

// A row is a line of the contact list.
type row struct {
	ID, Name, Detail, Email, Phone, City, Status string
	Categories                                   []string
	Vendor                                       bool
}

// A contactsView is the contact list.
type contactsView struct {
	Rows             []row
	Query, Kind      string
	Total            int // on all pages
	From, To         int // which of them are shown, from 1
	Size             int // rows on a page
	Sizes            []sizeLink
	Kinds            []kindLink
	Previous, Next   string // addresses, "" when there is no such page
	NoOpener         bool
	Deleted          bool // one of them, just now
	Singular, Plural string
}

type sizeLink struct {
	Text, Link string
	Here       bool
}

type kindLink struct {
	Text, Link string
	Here       bool
}

// rowsPerPage is how many rows the list shows unless asked otherwise.
const rowsPerPage = 50

func (s *Server) contactsPage(w http.ResponseWriter, r *http.Request, user *account) {
	q, kind := strings.TrimSpace(r.FormValue("q")), r.FormValue("kind")
	size := cmp.Or(min(atoi(r.FormValue("size")), 10_000), rowsPerPage)
	s.mu.Lock()
	rows := user.rows(q, kind)
	noOpener := s.cfg.Options.NoOpener
	s.mu.Unlock()

	v := contactsView{Query: q, Kind: kind, Total: len(rows), Size: size, NoOpener: noOpener, Deleted: r.FormValue("deleted") != ""}
	v.Singular, v.Plural = nouns(kind)
	v.cut(rows, max(atoi(r.FormValue("page")), 1))
	v.link()
	s.render(w, r, http.StatusOK, "contacts", v)
}

// nouns tells what the rows of a list are called.
func nouns(kind string) (singular, plural string) {
	switch kind {
	case "vendors":
		return "vendor", "vendors"
	case "all":
		return "entry", "entries"
	}
	return "contact", "contacts"
}

// cut takes one page of the rows.
func (v *contactsView) cut(rows []row, number int) {
	if number > (len(rows)+v.Size-1)/v.Size {
		number = 1
	}
	from := (number - 1) * v.Size
	to := min(from+v.Size, len(rows))
	v.Rows, v.From, v.To = rows[from:to], min(from+1, to), to
	if number > 1 {
		v.Previous = v.address(v.Kind, v.Size, number-1)
	}
	if to < len(rows) {
		v.Next = v.address(v.Kind, v.Size, number+1)
	}
}

// link makes the links to other sizes and kinds of the list.
func (v *contactsView) link() {
	for _, size := range []int{50, 100, 500} {
		v.Sizes = append(v.Sizes, sizeLink{itoa(size), v.address(v.Kind, size, 1), size == v.Size})
	}
	for _, k := range [][2]string{{"", "Contacts"}, {"vendors", "Vendors"}, {"all", "Everybody"}} {
		v.Kinds = append(v.Kinds, kindLink{k[1], v.address(k[0], v.Size, 1), k[0] == v.Kind})
	}
}

// address is where the list looks different.
func (v *contactsView) address(kind string, size, number int) string {
	query := url.Values{}
	if v.Query != "" {
		query.Set("q", v.Query)
	}
	if kind != "" {
		query.Set("kind", kind)
	}
	if size != rowsPerPage {
		query.Set("size", itoa(size))
	}
	if number > 1 {
		query.Set("page", itoa(number))
	}
	if len(query) == 0 {
		return "/contacts"
	}
	return "/contacts?" + query.Encode()
}

// rows gives the lines of a list: the contacts (kind ""), the vendors or all, of which the query is a part of the name,
// company, e-mail, city, category or phone; by name.
func (a *account) rows(query, kind string) []row {
	var all []row
	if kind != "vendors" {
		for _, c := range a.order {
			if c.matches(query) {
				all = append(all, c.row())
			}
		}
	}
	if kind == "vendors" || kind == "all" {
		for _, v := range a.vendors {
			if contains(query, v.Company, v.ContactName, v.Email, v.City, v.Type) {
				all = append(all, v.row())
			}
		}
	}
	slices.SortStableFunc(all, func(a, b row) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return all
}

// matches says whether the query finds the contact.
func (c *Contact) matches(query string) bool {
	if contains(query, append([]string{c.Name(), c.Company, c.Email, c.City, itoa(c.ID)}, c.Categories...)...) {
		return true
	}
	d := digitsOf(query)
	return len(d) >= 4 && strings.Contains(digitsOf(c.HomePhone+" "+c.MobilePhone+" "+c.WorkPhone), d)
}

func (c *Contact) row() row {
	r := row{ID: itoa(c.ID), Name: c.Name(), Email: c.Email, City: c.City, Status: c.Status, Categories: slices.Clone(c.Categories)}
	if c.Company != r.Name {
		r.Detail = c.Company
	}
	r.Phone = cmp.Or(c.MobilePhone, c.HomePhone, c.WorkPhone)
	return r
}

func (v *Vendor) row() row {
	return row{ID: v.key(), Name: cmp.Or(v.Company, v.ContactName), Detail: v.ContactName, Email: v.Email, Phone: cmp.Or(v.Phone, v.ContactPhone),
		City: v.City, Status: v.Type, Vendor: true}
}

// A contactView is the page of a contact or a vendor.
type contactView struct {
	ID, Name   string
	Vendor     bool
	Status     string
	Facts      []pair // what is known, without what is empty
	Categories []string
	Notes      []noteView
	Calls      []callView
	NoOpener   bool
	Edit       []editField // the form; a vendor has none
	Wrong      bool        // something in it is
	Saved      bool
}

type noteView struct {
	Subject, Text, Date string
	Categories          []string
}

type callView struct {
	Type, Reason, Next, Who string
	Important, Completed    bool
}

func (s *Server) contactPage(w http.ResponseWriter, r *http.Request, user *account) {
	s.mu.Lock()
	v, ok := user.view(r.PathValue("id"))
	v.NoOpener = s.cfg.Options.NoOpener
	s.mu.Unlock()
	if !ok {
		s.noSuchContact(w, r)
		return
	}
	v.Saved = r.FormValue("saved") != ""
	s.render(w, r, http.StatusOK, "contact", v)
}

// noSuchContact is the page instead of a contact that isn't there.
func (s *Server) noSuchContact(w http.ResponseWriter, r *http.Request) {
	s.problem(w, r, http.StatusNotFound, "There is no such contact in your account. It may have been deleted.")
}

// view makes the page of a contact or vendor.
func (a *account) view(id string) (contactView, bool) {
	var v contactView
	if c := a.contact(id); c != nil {
		v = contactView{ID: itoa(c.ID), Name: c.Name(), Status: c.Status, Facts: c.facts(a), Categories: slices.Clone(c.Categories), Edit: c.editForm()}
	} else if vendor := a.vendor(id); vendor != nil {
		v = contactView{ID: vendor.key(), Name: cmp.Or(vendor.Company, vendor.ContactName), Vendor: true, Status: vendor.Type, Facts: vendor.facts()}
	} else {
		return v, false
	}
	for _, n := range newest(a.notes[v.ID]) {
		v.Notes = append(v.Notes, noteView{n.Subject, plainText(n.Text), pageDate(n.Date), n.Categories})
	}
	for _, c := range a.callsOf(v.ID) {
		m, _ := a.member(c.InsideTeamID)
		next := ""
		if !c.Next.IsZero() {
			next = pageDate(c.Next)
		}
		v.Calls = append(v.Calls, callView{c.Type, c.Reason, next, m.Name, c.Important, c.Completed})
	}
	return v, true
}

// facts lists what is known of the contact.
func (c *Contact) facts(a *account) []pair {
	all := []pair{
		{"Company", c.Company}, {"Mobile phone", c.MobilePhone}, {"Home phone", c.HomePhone}, {"Work phone", c.WorkPhone},
		{"More phones", strings.Join(c.MorePhones, ", ")}, {"Fax", c.Fax}, {"E-mail", c.Email}, {"More e-mails", strings.Join(c.MoreEmails, ", ")},
		{"Spouse", strings.TrimSpace(c.SpouseFirst + " " + c.SpouseLast)},
		{"Address", joined(", ", joined(" ", c.AddressNumber, c.AddressStreet, c.SuiteNo), c.City, joined(" ", c.State, c.Zip), c.Country)},
		{"Website", c.Website}, {"Source", c.Source}, {"Rank", c.Rank}, {"Outside team", c.OutsideTeam},
	}
	for _, id := range c.InsideTeam {
		m, _ := a.member(id)
		all = append(all, pair{"Team", m.Name})
	}
	if c.DoNotContact {
		all = append(all, pair{"Do not contact", "Yes"})
	}
	for _, other := range c.Addresses {
		all = append(all, pair{"Address (" + other.Type + ")", joined(", ", joined(" ", other.Number, other.Street, other.SuiteNo), other.City, joined(" ", other.State, other.Zip))})
	}
	for _, v := range c.Custom {
		all = append(all, pair{v.Key, v.Value})
	}
	all = append(all, pair{"ClientID", itoa(c.ID)}, pair{"Added", pageDate(c.Added)}, pair{"Updated", pageDate(c.Updated)})
	return slices.DeleteFunc(all, func(p pair) bool { return p.Value == "" })
}

// facts lists what is known of the vendor.
func (v *Vendor) facts() []pair {
	all := []pair{
		{"Contact", v.ContactName}, {"Alternate contact", v.AlternateContact}, {"Phone", v.Phone}, {"Contact's phone", v.ContactPhone}, {"Fax", v.Fax},
		{"E-mail", v.Email}, {"Address", joined(", ", v.Address, v.City, joined(" ", v.State, v.Zip))}, {"Website", v.URL}, {"VendorID", v.key()},
	}
	return slices.DeleteFunc(all, func(p pair) bool { return p.Value == "" })
}

// joined joins what is not empty.
func joined(separator string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), separator)
}

// pageDate writes a time for people, in Arizona.
func pageDate(t time.Time) string { return t.In(arizona()).Format("Jan 2, 2006, 3:04 PM") }

var (
	breaks = regexp.MustCompile(`(?i)<(br|/p|/li|/div)(\s[^>]*|/)?>`)
	// tags are those of the elements that notes are written with; another < is text: "<400k", "<ann@example.com>".
	tags = regexp.MustCompile(`(?is)<!--.*?-->|<!doctype[^>]*>|</?(a|abbr|address|article|aside|b|big|blockquote|body|br|center|cite|` +
		`code|col|colgroup|dd|del|details|div|dl|dt|em|figure|font|footer|form|h[1-6]|head|header|hr|html|i|iframe|img|input|ins|kbd|` +
		`label|li|link|main|mark|meta|nav|ol|p|pre|q|s|samp|script|section|small|span|strike|strong|style|sub|sup|svg|table|tbody|td|` +
		`tfoot|th|thead|title|tr|tt|u|ul)(\s[^>]*|/)?>`)
)

// plainText shows a note that may be HTML: breaks as line breaks, no tags, no control characters. What only looks
// like a tag stays.
func plainText(text string) string {
	if tags.MatchString(text) {
		text = html.UnescapeString(tags.ReplaceAllString(breaks.ReplaceAllString(text, "\n"), ""))
	}
	text = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, text)
	return strings.TrimSpace(text)
}

// writeNote adds a note that the user typed on the contact's page.
func (s *Server) writeNote(w http.ResponseWriter, r *http.Request, user *account) {
	s.mu.Lock()
	id, ok := user.known(r.PathValue("id"))
	if ok && strings.TrimSpace(r.PostFormValue("note")) != "" {
		s.addNote(user, Note{ClientID: id, Subject: r.PostFormValue("subject"), Text: r.PostFormValue("note")})
	}
	s.mu.Unlock()
	if !ok {
		s.noSuchContact(w, r)
		return
	}
	http.Redirect(w, r, "/contacts/"+id+"#notes", http.StatusSeeOther)
}

// summary is the address of a contact that the API tells.
func (s *Server) summary(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "/contacts/"+url.PathEscape(r.FormValue("clientId")), http.StatusSeeOther)
}

func (s *Server) optionsPage(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	o := s.cfg.Options
	s.mu.Unlock()
	s.render(w, r, http.StatusOK, "options", o)
}

func (s *Server) changeOptions(w http.ResponseWriter, r *http.Request) {
	on := func(name string) bool { return r.PostFormValue(name) != "" }
	s.SetOptions(Options{NoOpener: on("noopener"), Unsigned: on("unsigned"), ListAnswers: on("list"), StrictJSON: on("strict")})
	http.Redirect(w, r, "/sandbox/options", http.StatusSeeOther)
}

// takeAccess takes Add to Mojo's access away, for who is signed in.
func (s *Server) takeAccess(w http.ResponseWriter, r *http.Request, a *account) {
	s.RevokeTokens(a.user.Email)
	http.Redirect(w, r, "/sandbox/options", http.StatusSeeOther)
}
