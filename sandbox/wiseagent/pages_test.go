package wiseagent_test

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"addtomojo/sandbox/people"
	"addtomojo/sandbox/wiseagent"
)

// elements finds elements of a page by tag and by attributes, given as pairs; "" as value means any.
func TestContactsPageFarBeyondTheLast(t *testing.T) {
	b := newBox(t)
	b.AddContact(dana, ann())
	b.signIn()
	if got := b.get("/contacts?page=9223372036854775807"); got.status != http.StatusOK || !strings.Contains(string(got.body), "Ann Lee") {
		t.Errorf("got status %d, want the first page", got.status)
	}
}

func elements(t *testing.T, page []byte, tag string, attributes ...string) []map[string]string {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var found []map[string]string
	for n := range root.Descendants() {
		if n.Type != html.ElementNode || n.Data != tag {
			continue
		}
		have := map[string]string{}
		for _, a := range n.Attr {
			have[a.Key] = a.Val
		}
		matches := true
		for i := 0; i+1 < len(attributes); i += 2 {
			v, ok := have[attributes[i]]
			matches = matches && ok && (attributes[i+1] == "" || v == attributes[i+1])
		}
		if matches {
			found = append(found, have)
		}
	}
	return found
}

func TestSignInPage(t *testing.T) {
	b := newBox(t)
	if got := b.get("/contacts?q=ann"); got.header.Get("Location") != "/login?next=%2Fcontacts%3Fq%3Dann" {
		t.Errorf("signed out: got sent to %q, want the sign-in page with the way back", got.header.Get("Location"))
	}
	wrong := b.post("/login", url.Values{"email": {dana}, "password": {"guess"}})
	if wrong.status != http.StatusUnprocessableEntity || len(elements(t, wrong.body, "p", "role", "alert")) != 1 {
		t.Errorf("wrong password: got %d, want 422 and an alert", wrong.status)
	}
	for next, want := range map[string]string{
		"/contacts?q=ann": "/contacts?q=ann", "": "/contacts", "//evil.example/": "/contacts", "https://evil.example/": "/contacts", `/\evil.example`: "/contacts",
	} {
		got := b.post("/login", url.Values{"email": {"Dana@Example.com"}, "password": {"pw"}, "next": {next}})
		if got.header.Get("Location") != want {
			t.Errorf("next %q: got sent to %q, want %q", next, got.header.Get("Location"), want)
		}
	}
	if got := b.get("/contacts"); got.status != http.StatusOK {
		t.Errorf("signed in: got %d, want 200", got.status)
	}
	b.post("/logout", nil)
	if got := b.get("/contacts"); got.status != http.StatusSeeOther {
		t.Errorf("signed out again: got %d, want 303", got.status)
	}
}

func TestPrefilledSignIn(t *testing.T) {
	b := newBox(t, func(c *wiseagent.Config) { c.Prefill = true })
	b.AddUser(wiseagent.User{Email: "abel@example.com", Password: "other"})
	page := b.get("/login").body
	if got := elements(t, page, "input", "id", "email")[0]["value"]; got != dana {
		t.Errorf("got e-mail %q, want the first user's", got)
	}
	if got := elements(t, page, "input", "id", "password")[0]["value"]; got != "pw" {
		t.Errorf("got password %q, want the first user's", got)
	}
	if got := elements(t, newBox(t).get("/login").body, "input", "value", dana); len(got) != 0 {
		t.Error("without Prefill the page knows the e-mail")
	}
}

func TestContactList(t *testing.T) {
	b := newBox(t)
	ids := b.AddContacts(dana, people.Make(120, 1))
	vendor := b.AddVendor(dana, wiseagent.Vendor{Company: "Saguaro Title", Type: "Title"})
	b.signIn()
	rows := func(path string) int { return len(elements(t, b.get(path).body, "input", "name", "id")) }
	for path, want := range map[string]int{
		"/contacts": 50, "/contacts?page=3": 20, "/contacts?size=500": 120, "/contacts?size=500&kind=all": 121, "/contacts?kind=vendors": 1, "/contacts?q=nobody+at+all": 0,
	} {
		if got := rows(path); got != want {
			t.Errorf("%s: got %d rows, want %d", path, got, want)
		}
	}
	c, _ := b.Contact(dana, ids[0])
	if got := elements(t, b.get("/contacts?q="+url.QueryEscape(c.Email)).body, "input", "value", ids[0]); len(got) != 1 || got[0]["aria-label"] != "Select "+c.Name() {
		t.Errorf("search by e-mail: got %v, want the row with its label", got)
	}
	if got := elements(t, b.get("/contacts?kind=all&size=500").body, "a", "href", "/contacts/"+vendor); len(got) != 1 {
		t.Errorf("everybody: got %d links to the vendor, want 1", len(got))
	}
}

// Only tags are taken out of a note: what people write with < and > stays.
func TestNotesKeepWhatIsNoTag(t *testing.T) {
	b := newBox(t)
	id := b.AddContact(dana, wiseagent.Contact{First: "Ann", Last: "Lee"})
	b.signIn()
	for text, want := range map[string]string{
		"budget <400k & wants >3 beds, call Ann Lee <ann@example.com>":      "budget &lt;400k &amp; wants &gt;3 beds, call Ann Lee &lt;ann@example.com&gt;",
		"<p>under <400k<br/>by <brian@example.com></p><!-- x > y --> &lt;3": "under &lt;400k\nby &lt;brian@example.com&gt;\n &lt;3",
		"a < b > c <3 &amp;": "a &lt; b &gt; c &lt;3 &amp;amp;",
	} {
		b.AddNote(dana, wiseagent.Note{ClientID: id, Subject: "Words", Text: text})
		if page := b.get("/contacts/" + id); !bytes.Contains(page.body, []byte(want)) {
			t.Errorf("the note %q isn't shown as %q", text, want)
		}
	}
}

func TestContactPage(t *testing.T) {
	b := newBox(t)
	id := b.AddContact(dana, wiseagent.Contact{First: "<img src=x onerror=alert(1)>", Last: "Lee", Categories: []string{"Buyer"}})
	b.AddNote(dana, wiseagent.Note{ClientID: id, Subject: "Visit", Text: "<p>Too <b>dark</b></p><script>alert(1)</script>\x0b&amp; noisy"})
	b.signIn()
	page := b.get("/contacts/" + id)
	if len(elements(t, page.body, "img", "onerror", "")) != 0 || bytes.Contains(page.body, []byte("<script>alert")) {
		t.Error("the page runs what is in the contact")
	}
	if !bytes.Contains(page.body, []byte("Too dark")) || !bytes.Contains(page.body, []byte("&amp; noisy")) {
		t.Error("the page does not show the note's text")
	}
	if got := page.header.Get("Content-Security-Policy"); !strings.Contains(got, "default-src 'none'") {
		t.Errorf("got policy %q, want default-src 'none'", got)
	}
	if got := b.post("/contacts/"+id+"/notes", url.Values{"subject": {"By hand"}, "note": {"Hello"}}); got.status != http.StatusSeeOther {
		t.Errorf("write a note: got %d, want 303", got.status)
	}
	if got := b.Notes(dana, id); len(got) != 2 {
		t.Errorf("got %d notes, want 2", len(got))
	}
	if got := b.get("/contacts/1"); got.status != http.StatusNotFound {
		t.Errorf("unknown contact: got %d, want 404", got.status)
	}
	if got := b.get("/secure/client/summary?clientId=" + id).header.Get("Location"); got != "/contacts/"+id {
		t.Errorf("the contact's own address leads to %q", got)
	}
}

func TestAddToMojoByGet(t *testing.T) {
	b := newBox(t)
	ids := b.AddContacts(dana, people.Make(30, 1))
	b.signIn()
	got := b.post("/add-to-mojo", url.Values{"id": ids[:20]})
	to, err := url.Parse(got.header.Get("Location"))
	if err != nil || got.status != http.StatusSeeOther || to.Path != "/launch" {
		t.Fatalf("20 contacts: got %d to %q, want 303 to the service", got.status, got.header.Get("Location"))
	}
	q := to.Query()
	if q.Get("contacts") != strings.Join(ids[:20], ",") || q.Get("user") != dana || q.Get("ts") != "1795366991" {
		t.Errorf("got fields %v, want the ids, the user and the time", q)
	}
	if q.Get("signature") != wiseagent.Sign("launch-secret", q) {
		t.Errorf("got signature %q, want that of the fields", q.Get("signature"))
	}
	again, _ := url.Parse(b.post("/add-to-mojo", url.Values{"id": ids[:20]}).header.Get("Location"))
	if again.Query().Get("nonce") == q.Get("nonce") {
		t.Error("two launches have one nonce")
	}
}

func TestAddToMojoByForm(t *testing.T) {
	b := newBox(t)
	ids := b.AddContacts(dana, people.Make(60, 1))
	b.signIn()
	for what, tt := range map[string]struct {
		form url.Values
		want int
	}{
		"21 ticked":        {url.Values{"id": ids[:21]}, 21},
		"all":              {url.Values{"all": {"1"}, "id": ids[:2]}, 60},
		"all, with vendor": {url.Values{"all": {"1"}, "kind": {"all"}}, 61},
	} {
		if what == "all, with vendor" {
			b.AddVendor(dana, wiseagent.Vendor{Company: "Title"})
		}
		page := b.post("/add-to-mojo", tt.form)
		if len(elements(t, page.body, "form", "id", "launch", "action", "http://127.0.0.1:9000/launch", "method", "post")) != 1 {
			t.Fatalf("%s: got %d without a form to the service", what, page.status)
		}
		fields := url.Values{}
		for _, in := range elements(t, page.body, "input", "type", "hidden") {
			fields.Set(in["name"], in["value"])
		}
		if got := len(strings.Split(fields.Get("contacts"), ",")); got != tt.want {
			t.Errorf("%s: got %d contacts, want %d", what, got, tt.want)
		}
		if fields.Get("signature") != wiseagent.Sign("launch-secret", fields) {
			t.Errorf("%s: the signature does not fit the fields", what)
		}
	}
}

func TestUnsignedLaunch(t *testing.T) {
	b := newBox(t, func(c *wiseagent.Config) { c.LaunchSecret = "" })
	if got := b.Launch(dana, []string{"1", "V2"}).Encode(); got != "contacts=1%2CV2" {
		t.Errorf("without a secret: got fields %q, want the contacts alone", got)
	}
}

func TestSignatureOfTheContract(t *testing.T) {
	fields := url.Values{"contacts": {"26855,V12"}, "user": {dana}, "ts": {"1795366991"}, "nonce": {"n0nce"}}
	// printf 'contacts=26855,V12\nnonce=n0nce\nts=1795366991\nuser=dana@example.com' | openssl dgst -sha256 -hmac launch-secret
	const want = "a0a4096bb2a4f26926fbef7186f74a9f38cf7d30e225272f60a32f2ad2780de1"
	if got := wiseagent.Sign("launch-secret", fields); got != want {
		t.Errorf("got signature %s, want %s", got, want)
	}
}

func TestOptionsPage(t *testing.T) {
	b := newBox(t)
	b.AddContacts(dana, people.Make(1, 1))
	b.signIn()
	b.post("/sandbox/options", url.Values{"noopener": {"1"}, "unsigned": {"1"}})
	if got := elements(t, b.get("/contacts").body, "form", "data-noopener", "true"); len(got) != 1 {
		t.Error("noopener: the list does not say so")
	}
	if got := b.Launch(dana, []string{"1"}); got.Get("signature") != "" {
		t.Error("unsigned: the launch is signed")
	}
	b.Tokens(dana, "profile")
	b.post("/sandbox/revoke", nil)
	if access, refresh := b.LiveTokens(dana); access+refresh > 0 {
		t.Errorf("access ended: %d access and %d refresh tokens live, want none", access, refresh)
	}
	if got := b.get("/sandbox/faults"); got.status != http.StatusOK {
		t.Errorf("faults page: got %d, want 200", got.status)
	}
}
