package wiseagent_test

import (
	"bytes"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

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

// editForm is the form on a contact's page as a browser would send it, with other values for some fields, given as pairs.
func (b *box) editForm(id string, pairs ...string) url.Values {
	b.t.Helper()
	form := url.Values{}
	for _, in := range elements(b.t, b.get("/contacts/"+id).body, "input", "autocomplete", "off") {
		form.Set(in["name"], in["value"])
		form.Set("was-"+in["name"], in["value"])
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if !form.Has(pairs[i]) {
			b.t.Fatalf("the form has no field %s", pairs[i])
		}
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

// refused checks that a form was not taken: it comes back with what was typed, one field says why, and the contact is as it was.
func (b *box) refused(id string, got answer, field, typed, why string) {
	b.t.Helper()
	if got.status != http.StatusUnprocessableEntity {
		b.t.Errorf("%s: got %d, want 422", field, got.status)
	}
	wrong := elements(b.t, got.body, "input", "aria-invalid", "true")
	if len(wrong) != 1 || wrong[0]["name"] != field || wrong[0]["value"] != typed {
		b.t.Errorf("%s: fields that are wrong: got %v, want it alone with what was typed", field, wrong)
	}
	if !bytes.Contains(got.body, []byte(why)) || len(elements(b.t, got.body, "details", "open", "")) != 1 {
		b.t.Errorf("%s: the open form doesn't say %q", field, why)
	}
}

func TestChangeContactByHand(t *testing.T) {
	b := newBox(t)
	id := b.AddContact(dana, wiseagent.Contact{First: "Ann", Last: "Lee", Company: "Lee & Sons", Email: "ann@example.com", MobilePhone: "(520) 555-0143",
		HomePhone: "ask for Bob", AddressNumber: "12", AddressStreet: "N Oak St", City: "Tucson", State: "AZ", Zip: "85701", Source: "Open house"})
	before, _ := b.Contact(dana, id)
	if got := b.post("/contacts/"+id, nil).header.Get("Location"); got != "/login?next=%2Fcontacts" {
		t.Errorf("signed out: got sent to %q, want the sign-in page", got)
	}
	b.signIn()
	b.clock.forward(time.Minute)
	b.post("/contacts/"+id, b.editForm(id))
	if same, _ := b.Contact(dana, id); !same.Updated.Equal(before.Updated) {
		t.Error("a form with nothing changed changes the contact")
	}
	form := b.editForm(id, "cfirst", " Anna ", "company", "", "cemail", "anna@example.com", "mobilephone", "602-555-0111", "workphone", "DNC",
		"addressnumber", "14", "addressstreet", "S Elm\x0b St", "suiteno", "2", "city", "Mesa", "state", "Arizona", "zip", "85201")
	got := b.post("/contacts/"+id, form)
	if to := got.header.Get("Location"); got.status != http.StatusSeeOther || to != "/contacts/"+id+"?saved=1" {
		t.Fatalf("got %d to %q, want 303 to the contact", got.status, to)
	}
	want := before
	want.First, want.Company, want.Email, want.MobilePhone, want.WorkPhone = "Anna", "", "anna@example.com", "602-555-0111", "DNC"
	want.AddressNumber, want.AddressStreet, want.SuiteNo, want.City, want.State, want.Zip = "14", "S Elm St", "2", "Mesa", "Arizona", "85201"
	want.Updated = b.clock.Now()
	if after, _ := b.Contact(dana, id); !reflect.DeepEqual(after, want) {
		t.Errorf("got %+v\nwant %+v", after, want)
	}
	if page := b.get("/contacts/" + id + "?saved=1"); len(elements(t, page.body, "p", "role", "status")) != 1 {
		t.Error("the page doesn't say that it was saved")
	}
}

// What the API wrote while somebody had the form open stays, unless the same field was typed anew.
func TestChangeByHandKeepsWhatTheAPIWroteMeanwhile(t *testing.T) {
	b := newBox(t)
	id := b.AddContact(dana, wiseagent.Contact{First: "Ann", Last: "Lee", MobilePhone: "(520) 555-0143", HomePhone: "(520) 555-0144"})
	b.signIn()
	form := b.editForm(id, "mobilephone", "(520) 555-0188")
	b.ChangeContact(dana, id, func(c *wiseagent.Contact) { c.MobilePhone, c.HomePhone = "(520) 555-0199", "(520) 555-0198" })
	b.post("/contacts/"+id, form)
	if c, _ := b.Contact(dana, id); c.MobilePhone != "(520) 555-0188" || c.HomePhone != "(520) 555-0198" {
		t.Errorf("got mobile %q and home %q, want the typed one and the API's", c.MobilePhone, c.HomePhone)
	}
}

func TestChangeByHandThatIsRefusedLosesNothing(t *testing.T) {
	b := newBox(t)
	long := strings.Repeat("é", 201)
	id := b.AddContact(dana, wiseagent.Contact{First: "Ann", Email: "call Bob", City: long})
	before, _ := b.Contact(dana, id)
	b.signIn()
	for _, tt := range []struct{ field, typed, why string }{
		{"company", long, "These are 201 characters, and 200 are the most."},
		{"cemail", "ann at example.com", "Give one e-mail address"},
		{"cemail", "Ann <ann@example.com>", "Give one e-mail address"},
		{"cfirst", " ", "Give a first name, a last name or a company."},
	} {
		got := b.post("/contacts/"+id, b.editForm(id, "workphone", "<b>520", tt.field, tt.typed))
		b.refused(id, got, tt.field, tt.typed, tt.why)
		if typed := elements(t, got.body, "input", "name", "workphone"); len(typed) != 1 || typed[0]["value"] != "<b>520" {
			t.Errorf("%s: the field beside it: got %v, want what was typed", tt.field, typed)
		}
	}
	if got := b.post("/contacts/"+id, url.Values{"company": {strings.Repeat("x", 1<<20)}}); got.status != http.StatusBadRequest {
		t.Errorf("a form of more than a megabyte: got %d, want 400", got.status)
	}
	if after, _ := b.Contact(dana, id); !reflect.DeepEqual(after, before) {
		t.Errorf("got %+v\nwant %+v", after, before)
	}
	if got := b.post("/contacts/"+id, b.editForm(id, "workphone", "520-555-0101")); got.status != http.StatusSeeOther {
		t.Errorf("what was odd before and isn't changed: got %d, want it to hinder nobody", got.status)
	}
}

func TestDeleteContactByHand(t *testing.T) {
	b := newBox(t)
	id := b.AddContact(dana, ann())
	other := b.AddContact(dana, wiseagent.Contact{First: "Ben", Last: "Osei"})
	b.AddNote(dana, wiseagent.Note{ClientID: id, Subject: "Visit", Text: "Too dark"})
	b.post("/contacts/"+id+"/delete", nil)
	if _, ok := b.Contact(dana, id); !ok {
		t.Fatal("somebody who isn't signed in deletes a contact")
	}
	b.signIn()
	form := b.editForm(id)
	if page := b.get("/contacts/" + id); len(elements(t, page.body, "form", "action", "/contacts/"+id+"/delete")) != 1 || !bytes.Contains(page.body, []byte("There is no way back.")) {
		t.Error("the page doesn't ask before deleting")
	}
	got := b.post("/contacts/"+id+"/delete", nil)
	if to := got.header.Get("Location"); got.status != http.StatusSeeOther || to != "/contacts?deleted=1" {
		t.Errorf("got %d to %q, want 303 to the list", got.status, to)
	}
	page := b.get("/contacts?deleted=1").body
	if !bytes.Contains(page, []byte("The contact was deleted")) || len(elements(t, page, "input", "name", "id")) != 1 {
		t.Error("the list doesn't say that the contact was deleted, or still has it")
	}
	for what, got := range map[string]answer{
		"its page": b.get("/contacts/" + id), "delete again": b.post("/contacts/"+id+"/delete", nil), "save": b.post("/contacts/"+id, form),
	} {
		if got.status != http.StatusNotFound || !bytes.Contains(got.body, []byte("There is no such contact in your account.")) {
			t.Errorf("%s: got %d, want 404 and the sentence", what, got.status)
		}
	}
	if _, ok := b.Contact(dana, other); !ok || len(b.Notes(dana, id)) != 0 {
		t.Error("got the other contact gone or notes left")
	}
}

func TestNobodyElseChangesAContact(t *testing.T) {
	b := newBox(t)
	id := b.AddContact(dana, ann())
	b.AddUser(wiseagent.User{Email: "abel@example.com", Password: "other"})
	theirs := b.AddContact("abel@example.com", wiseagent.Contact{First: "Cleo", Last: "Marsh"})
	vendor := b.AddVendor(dana, wiseagent.Vendor{Company: "Saguaro Title"})
	b.signIn()
	for _, path := range []string{"", "/delete", "/notes"} {
		form := url.Values{"cfirst": {"Eve"}, "note": {"Hello"}}.Encode()
		got := b.do("POST", "/contacts/"+id+path, "application/x-www-form-urlencoded", form, "Sec-Fetch-Site", "cross-site")
		if got.status != http.StatusForbidden {
			t.Errorf("%q from another site: got %d, want 403", path, got.status)
		}
		if got := b.post("/contacts/"+theirs+path, url.Values{"cfirst": {"Eve"}}); got.status != http.StatusNotFound {
			t.Errorf("%q of somebody else's contact: got %d, want 404", path, got.status)
		}
	}
	for _, path := range []string{"", "/delete"} {
		if got := b.post("/contacts/"+vendor+path, nil); got.status != http.StatusUnprocessableEntity || !bytes.Contains(got.body, []byte("Vendors can&#39;t be changed")) {
			t.Errorf("%q of a vendor: got %d, want 422 and why", path, got.status)
		}
	}
	if page := b.get("/contacts/" + vendor); page.status != http.StatusOK || len(elements(t, page.body, "form", "action", "/contacts/"+vendor+"/delete")) != 0 {
		t.Error("a vendor's page offers to delete it")
	}
	if c, _ := b.Contact(dana, id); c.First != ann().First || len(b.Notes(dana, id)) != 0 {
		t.Errorf("got %+v, want it as it was", c)
	}
	if _, ok := b.Contact("abel@example.com", theirs); !ok {
		t.Error("somebody else's contact is gone")
	}
}
