package mojo_test

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"addtomojo/sandbox/fault"
	"addtomojo/sandbox/mojo"
)

// browse gives the box's client cookies.
func (b *box) browse(t *testing.T) *box {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b.agent.Jar = jar
	return b
}

func (b *box) get(t *testing.T, path string) answer {
	t.Helper()
	return b.do(t, b.request(t, "GET", path, ""))
}

func (b *box) post(t *testing.T, path string, form url.Values) answer {
	t.Helper()
	req := b.request(t, "POST", path, form.Encode())
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(t, req)
}

// logIn signs Dana in to the pages and returns where she lands.
func (b *box) logIn(t *testing.T, next string) string {
	t.Helper()
	a := b.post(t, "/login/", url.Values{"pin": {"482913"}, "login": {"dana"}, "password": {"dana-sandbox"}, "next": {next}})
	if a.status != http.StatusSeeOther {
		t.Fatalf("got status %d logging in, want 303", a.status)
	}
	return a.header.Get("Location")
}

func contains(t *testing.T, a answer, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(a.body, part) {
			t.Errorf("the page (status %d) lacks %q", a.status, part)
		}
	}
}

func TestPagesAskToLogIn(t *testing.T) {
	b := newBox(t, mojo.Config{}).browse(t)
	group := b.AddGroup("8812", "Hot Lead")
	path := fmt.Sprintf("/my-data/?group_id=%d", group)
	a := b.get(t, path)
	login := a.header.Get("Location")
	if want := "/login/?next=" + url.QueryEscape(path); a.status != 302 || login != want {
		t.Fatalf("got status %d to %q, want 302 to %q", a.status, login, want)
	}
	contains(t, b.get(t, login), ">Mojo PIN<", ">Login<", ">Password<", fmt.Sprintf(`value="/my-data/?group_id=%d"`, group))
	if got := b.logIn(t, path); got != path {
		t.Errorf("got %q after logging in, want %q", got, path)
	}
	contains(t, b.get(t, path), "Hot Lead", "Dana Ruiz", "Nobody is in this group yet.")
	b.post(t, "/logout/", nil)
	if a := b.get(t, path); a.status != 302 {
		t.Errorf("got status %d after logging out, want 302", a.status)
	}
}

func TestLogInRefused(t *testing.T) {
	b := newBox(t, mojo.Config{}).browse(t)
	a := b.post(t, "/login/", url.Values{"pin": {"482913"}, "login": {"dana"}, "password": {"dan"}})
	if a.status != 400 {
		t.Errorf("got status %d, want 400", a.status)
	}
	contains(t, a, "PIN, login or password is wrong.", `value="dana"`)
	if strings.Contains(a.body, "sandbox</code>") {
		t.Error("the page lists passwords although it was not told to")
	}
}

func TestLogInShowsHints(t *testing.T) {
	b := newBox(t, mojo.Config{ShowHints: true}).browse(t)
	contains(t, b.get(t, "/login/"), `value="482913"`, "dex-sandbox", "dialing rep", "suspended")
}

func TestLogInStaysHere(t *testing.T) {
	b := newBox(t, mojo.Config{}).browse(t)
	for _, next := range []string{"", "https://evil.example.com/", "//evil.example.com/", `/\evil.example.com/`, "/\tevil", "javascript:alert(1)", "my-data/"} {
		if got := b.logIn(t, next); got != "/my-data/" {
			t.Errorf("got %q for next %q, want /my-data/", got, next)
		}
	}
}

func TestAutoSignIn(t *testing.T) {
	b := newBox(t, mojo.Config{AutoSignIn: true}).browse(t)
	hers, theirs := b.AddGroup("8812", "Hot Lead"), b.AddGroup("8840", "Fresh")
	closed := b.AddGroup("8867", "Closed")
	contains(t, b.get(t, fmt.Sprintf("/my-data/?group_id=%d", hers)), "Dana Ruiz")
	contains(t, b.get(t, "/my-data/"), "Dana Ruiz")
	contains(t, b.get(t, fmt.Sprintf("/my-data/?group_id=%d", theirs)), "Fran Delacroix")
	b.browse(t)
	for _, path := range []string{"/my-data/", "/my-data/?group_id=9999", fmt.Sprintf("/my-data/?group_id=%d", closed)} {
		if a := b.get(t, path); a.status != 302 {
			t.Errorf("%s: got status %d, want 302 to the log-in page", path, a.status)
		}
	}
}

func TestMyData(t *testing.T) {
	b := newBox(t, mojo.Config{}).browse(t)
	group, other := b.AddGroup("8812", "Hot <b>Lead</b>"), b.AddGroup("8840", "Somebody else's")
	id := b.AddContact("8812", mojo.Contact{APIContactID: "wa-1", FullName: "<script>alert(1)</script>", Address: "12 E Main St", City: "Tucson", State: "AZ", Zip: "85701",
		Media: []mojo.Media{{Type: mojo.MediaHome, Value: "5205550143"}, {Type: mojo.MediaEmail, Value: "ann@example.com"}},
		Notes: []mojo.Note{{Contents: "a"}, {Contents: "b"}}}, group)
	b.AddContact("8812", mojo.Contact{FullName: "Bob"}, group)
	b.logIn(t, "")
	contains(t, b.get(t, "/my-data/"), "2 contacts in 1 group", "Hot &lt;b&gt;Lead&lt;/b&gt;")
	path := fmt.Sprintf("/my-data/?group_id=%d", group)
	contains(t, b.get(t, path), `aria-current="page"`, "2 contacts", "&lt;script&gt;alert(1)&lt;/script&gt;", "(520) 555-0143", "ann@example.com",
		"12 E Main St, Tucson, AZ 85701", `data-api-contact-id="wa-1"`, fmt.Sprintf(`href="/contacts/%d/"`, id), "No phone")
	contains(t, b.get(t, path+"&q=bob"), "1 found")
	if a := b.get(t, path+"&q=5205550143"); strings.Contains(a.body, "Bob") {
		t.Error("the search for a phone shows somebody else")
	}
	if a := b.get(t, fmt.Sprintf("/my-data/?group_id=%d", other)); a.status != 404 || strings.Contains(a.body, "Somebody") {
		t.Errorf("got status %d for another account's group, want 404 without its name", a.status)
	}
	if got := b.get(t, path).header.Get("Content-Security-Policy"); !strings.HasPrefix(got, "default-src 'none'; style-src 'self'") {
		t.Errorf("got Content-Security-Policy %q, want a strict one", got)
	}
}

func TestMyDataPages(t *testing.T) {
	b := newBox(t, mojo.Config{}).browse(t)
	group := b.AddGroup("8812", "Everybody")
	for i := range 501 {
		b.AddContact("8812", mojo.Contact{FullName: fmt.Sprintf("Person %03d", i)}, group)
	}
	b.logIn(t, "")
	path := fmt.Sprintf("/my-data/?group_id=%d", group)
	first, second := b.get(t, path), b.get(t, path+"&page=2")
	contains(t, b.get(t, path+"&page=9223372036854775807"), "Person 000")
	if n := strings.Count(first.body, "data-contact-id"); n != 500 {
		t.Errorf("got %d contacts on the first page, want 500", n)
	}
	contains(t, first, "501 contacts", "Next")
	contains(t, second, "Person 500", "Previous")
	if n := strings.Count(second.body, "data-contact-id"); n != 1 {
		t.Errorf("got %d contacts on the second page, want 1", n)
	}
}

func TestContactForm(t *testing.T) {
	b := newBox(t, mojo.Config{}).browse(t)
	group := b.AddGroup("8812", "Hot Lead")
	id := b.AddContact("8812", mojo.Contact{APIContactID: "wa-1", FullName: "Ann Lee",
		Media: []mojo.Media{{Type: mojo.MediaHome, Value: "5205550143"}}, Notes: []mojo.Note{{Contents: "Likes dogs"}}}, group)
	b.logIn(t, "")
	path := fmt.Sprintf("/contacts/%d/", id)
	contains(t, b.get(t, path), `value="Ann Lee"`, `value="(520) 555-0143"`, "Likes dogs", "Hot Lead", "wa-1")

	form := url.Values{"full_name": {"Ann Lee-Okafor"}, "address": {"9 New Rd"}, "city": {"Tucson"}, "state": {"AZ"}, "zip": {"85701"},
		"phone_type": {"2", "1"}, "phone": {"+1 520.555.0144", ""}, "email": {"ann@example.com", ""}, "note": {"Moved"}}
	if a := b.post(t, path, form); a.status != 303 {
		t.Fatalf("got status %d saving, want 303", a.status)
	}
	contains(t, b.get(t, path+"?saved"), "Saved.", "Ann Lee-Okafor", "Moved", "Dana Ruiz")
	c := b.Contacts("8812", group)[0]
	want := fmt.Sprint([]mojo.Media{{Type: mojo.MediaMobile, Value: "5205550144"}, {Type: mojo.MediaEmail, Value: "ann@example.com"}})
	if fmt.Sprint(c.Media) != want || c.City != "Tucson" || len(c.Notes) != 2 || c.Notes[1].Author != "Dana Ruiz" {
		t.Errorf("got %+v, want media %s, the address and a note by Dana", c, want)
	}
}

func TestContactFormRefuses(t *testing.T) {
	b := newBox(t, mojo.Config{}).browse(t)
	id := b.AddContact("8812", mojo.Contact{FullName: "Ann Lee"})
	foreign := b.AddContact("8840", mojo.Contact{FullName: "Somebody"})
	b.logIn(t, "")
	a := b.post(t, fmt.Sprintf("/contacts/%d/", id), url.Values{"full_name": {"Ann"}, "phone": {"DNC"}, "email": {"ann"}})
	if a.status != 422 {
		t.Errorf("got status %d, want 422", a.status)
	}
	contains(t, a, "not a phone number of ten digits", "not an e-mail address", `value="DNC"`)
	if a := b.post(t, fmt.Sprintf("/contacts/%d/", id), url.Values{}); a.status != 422 {
		t.Errorf("got status %d for a contact with nothing, want 422", a.status)
	}
	if got := b.Contacts("8812", 0)[0].FullName; got != "Ann Lee" {
		t.Errorf("got name %q after refusals, want it unchanged", got)
	}
	for _, path := range []string{fmt.Sprintf("/contacts/%d/", foreign), "/contacts/9999/", "/contacts/ann/"} {
		if a := b.get(t, path); a.status != 404 {
			t.Errorf("%s: got status %d, want 404", path, a.status)
		}
	}
}

func TestPagesRefuseOtherSites(t *testing.T) {
	b := newBox(t, mojo.Config{}).browse(t)
	b.logIn(t, "")
	req := b.request(t, "POST", "/logout/", "")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	if a := b.do(t, req); a.status != 403 {
		t.Errorf("got status %d for another site's form, want 403", a.status)
	}
}

func TestPagesMeetNoFaults(t *testing.T) {
	faults := new(fault.Set)
	b := newBox(t, mojo.Config{Faults: faults}).browse(t)
	faults.Add(fault.Rule{Endpoint: fault.Any, Kind: fault.ServerError})
	if a := b.get(t, "/login/"); a.status != 200 {
		t.Errorf("got status %d for a page, want 200", a.status)
	}
	a := b.get(t, "/sandbox/faults")
	contains(t, a, "Server errors (5xx)", "every endpoint")
	for _, endpoint := range mojo.Endpoints() {
		contains(t, a, "<option>"+endpoint+"</option>")
	}
	if a := b.oauth(t, "/oauth/token/", password("482913", "dana", "dana-sandbox")); a.status != 500 {
		t.Errorf("got status %d from the API, want 500", a.status)
	}
	if got := b.Requests()[mojo.EndpointToken]; got != 1 {
		t.Errorf("got %d requests counted, want 1: a fault counts too", got)
	}
}

func TestAddSample(t *testing.T) {
	b := mojo.New(mojo.Config{})
	b.AddSample()
	if got := len(b.Groups("8812")); got < 4 {
		t.Errorf("got %d groups in the first account, want several", got)
	}
	if got := len(b.Groups("8840")); got != 0 {
		t.Errorf("got %d groups in the empty account, want none", got)
	}
	longest := 0
	for _, g := range b.Groups("8851") {
		longest = max(longest, len(g.Name))
	}
	if longest < 150 {
		t.Errorf("got a longest group name of %d bytes, want a very long one", longest)
	}
}
