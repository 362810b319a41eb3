package wiseagent_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"addtomojo/sandbox/fault"
	"addtomojo/sandbox/people"
	wisebox "addtomojo/sandbox/wiseagent"
	"addtomojo/wiseagent"
)

const (
	dana     = "dana@example.com"
	redirect = "http://127.0.0.1/connect/back"
	verifier = "a-verifier-that-is-long-enough-for-the-rules-of-pkce"
)

// crm is Dana's account at a stand-in of Wise Agent, and a client of it.
type crm struct {
	*wisebox.Server
	faults *fault.Set
	url    string
	client *wiseagent.Client
	api    *wiseagent.API
}

func newCRM(t *testing.T) *crm {
	t.Helper()
	c := &crm{faults: &fault.Set{Seed: 1}}
	c.Server = wisebox.New(wisebox.Config{
		ClientID: "us", ClientSecret: "our-secret", RedirectHosts: []string{"127.0.0.1"}, Faults: c.faults,
	})
	c.AddUser(wisebox.User{Email: dana, Password: "pw", First: "Dana", Last: "Ruiz"})
	srv := httptest.NewServer(c)
	t.Cleanup(func() { srv.CloseClientConnections(); srv.Close() })
	c.url = srv.URL
	c.client = &wiseagent.Client{AuthURL: srv.URL, APIURL: srv.URL, ClientID: "us", ClientSecret: "our-secret", HTTP: &http.Client{Timeout: 5 * time.Second}}
	c.api = c.with(strings.Fields(wiseagent.Scopes)...)
	return c
}

// with gives access with some scopes.
func (c *crm) with(scopes ...string) *wiseagent.API {
	access, _, _ := c.Tokens(dana, scopes...)
	return c.client.With(access)
}

// consent goes where the client sends the browser, signs Dana in, allows the
// scopes and returns what comes back.
func (c *crm) consent(t *testing.T, scopes ...string) url.Values {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	post := func(path string, form url.Values) *url.URL {
		resp, err := browser.PostForm(c.url+path, form)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		to, err := resp.Location()
		if err != nil {
			t.Fatalf("%s: HTTP %d: %v", path, resp.StatusCode, err)
		}
		return to
	}
	post("/login", url.Values{"email": {dana}, "password": {"pw"}})
	ask, err := url.Parse(c.client.ConsentURL(redirect, "st/a te", verifier))
	if err != nil {
		t.Fatal(err)
	}
	form := ask.Query()
	form["allow"], form["decision"] = scopes, []string{"allow"}
	return post(ask.Path, form).Query()
}

func wantKind(t *testing.T, what string, err error, want string) {
	t.Helper()
	if got := kind(err); got != want {
		t.Errorf("%s: got %q (%v), want %q", what, got, err, want)
	}
}

func TestStandInConsent(t *testing.T) {
	c := newCRM(t)
	back := c.consent(t, "profile", "contacts")
	if back.Get("state") != "st/a te" || back.Get("scope") != "profile contacts" {
		t.Errorf("came back with %v, want the state and the allowed scopes", back)
	}
	token, err := c.client.Exchange(t.Context(), back.Get("code"), verifier, redirect)
	if err != nil {
		t.Fatal(err)
	}
	if life := time.Until(token.Expiry); life < 59*time.Minute || life > time.Hour {
		t.Errorf("got a token good for %s, want an hour", life)
	}
	user, err := c.client.With(token.AccessToken).User(t.Context())
	if want := (wiseagent.User{First: "Dana", Last: "Ruiz", Email: dana}); err != nil || user != want {
		t.Errorf("got %+v, %v, want %+v", user, err, want)
	}
	_, err = c.client.Exchange(t.Context(), back.Get("code"), verifier, redirect)
	wantKind(t, "the same code again", err, "grant dead")
}

func TestStandInExchangeRefuses(t *testing.T) {
	c := newCRM(t)
	_, err := c.client.Exchange(t.Context(), "nonsense", verifier, redirect)
	wantKind(t, "unknown code", err, "grant dead")
	_, err = c.client.Exchange(t.Context(), c.consent(t, "profile").Get("code"), "another", redirect)
	wantKind(t, "wrong verifier", err, "grant dead")

	wrong := &wiseagent.Client{AuthURL: c.url, ClientID: "us", ClientSecret: "wrong"}
	_, refresh, _ := c.Tokens(dana, "profile")
	_, err = wrong.Refresh(t.Context(), refresh)
	wantKind(t, "our secret is wrong", err, "refused")
}

// The code is good for one request: a cut answer must not be asked for again.
func TestStandInExchangeIsOneRequest(t *testing.T) {
	c := newCRM(t)
	code := c.consent(t, "profile").Get("code")
	c.faults.Add(fault.Rule{Endpoint: "token", Kind: fault.CutAfter, Times: 1})
	_, err := c.client.Exchange(t.Context(), code, verifier, redirect)
	wantKind(t, "cut after the exchange", err, "doubt")
	if got := c.Requests()["token"]; got != 1 {
		t.Errorf("got %d requests to the token endpoint, want 1", got)
	}
}

func TestStandInTokens(t *testing.T) {
	c := newCRM(t)
	access, refresh, _ := c.Tokens(dana, strings.Fields(wiseagent.Scopes)...)
	c.ExpireTokens(dana)
	_, err := c.client.With(access).User(t.Context())
	wantKind(t, "expired token", err, "token")

	fresh, err := c.client.Refresh(t.Context(), refresh)
	if err != nil {
		t.Fatal(err)
	}
	if fresh.RefreshToken == refresh || fresh.Expiry.Before(time.Now()) {
		t.Errorf("got the old refresh token %v, expiry %s; want a new one for an hour", fresh.RefreshToken == refresh, fresh.Expiry)
	}
	_, err = c.client.With(fresh.AccessToken).User(t.Context())
	wantKind(t, "fresh token", err, "success")
	_, err = c.client.Refresh(t.Context(), refresh)
	wantKind(t, "used refresh token", err, "grant dead")
	_, err = c.client.With("").User(t.Context())
	wantKind(t, "no token", err, "token")
	_, err = c.client.With("an-api-key").User(t.Context())
	wantKind(t, "not a token", err, "token")
}

func TestStandInRevoke(t *testing.T) {
	c := newCRM(t)
	c.RevokeTokens(dana)
	access, refresh, _ := c.Tokens(dana, "profile")
	wantKind(t, "refresh token", c.client.Revoke(t.Context(), refresh, "refresh_token"), "success")
	_, err := c.client.With(access).User(t.Context())
	wantKind(t, "access after revoking the refresh token", err, "success")
	wantKind(t, "access token", c.client.Revoke(t.Context(), access, "access_token"), "success")
	wantKind(t, "again", c.client.Revoke(t.Context(), access, "access_token"), "success")
	if a, r := c.LiveTokens(dana); a+r != 0 {
		t.Errorf("got %d access and %d refresh tokens alive, want none", a, r)
	}
}

func TestStandInScopes(t *testing.T) {
	c := newCRM(t)
	_, err := c.with("contacts").User(t.Context())
	wantKind(t, "user without profile", err, "scope")
	api := c.with("profile")
	_, err = api.ContactsCount(t.Context())
	wantKind(t, "count without contacts", err, "scope")
	_, err = api.Contacts(t.Context(), 1, 10)
	wantKind(t, "list without contacts", err, "scope")
}

// Every contact comes back as it was put in, with raw control bytes in the
// answers and without.
func TestStandInContacts(t *testing.T) {
	c := newCRM(t)
	all := people.Make(230, 7)
	ids := c.AddContacts(dana, all)
	for _, strict := range []bool{false, true} {
		c.SetOptions(wisebox.Options{StrictJSON: strict})
		count, err := c.api.ContactsCount(t.Context())
		if err != nil || count != len(all) {
			t.Errorf("got %d contacts, %v, want %d", count, err, len(all))
		}
		var got []wiseagent.Contact
		for page := 1; len(got) == (page-1)*100; page++ {
			part, err := c.api.Contacts(t.Context(), page, 100)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, part...)
		}
		if len(got) != len(all) {
			t.Fatalf("got %d contacts in pages, want %d", len(got), len(all))
		}
		for i, contact := range got {
			sameAsPut(t, c, contact, ids[i])
		}
		single, err := c.api.Contact(t.Context(), ids[17])
		if err != nil || !reflect.DeepEqual(single, got[17]) {
			t.Errorf("alone: got %+v, %v, want as in the page: %+v", single, err, got[17])
		}
	}
}

func sameAsPut(t *testing.T, c *crm, got wiseagent.Contact, id string) {
	t.Helper()
	put, ok := c.Contact(dana, id)
	if !ok {
		t.Fatalf("the stand-in has no contact %s", id)
	}
	want := wiseagent.Contact{
		ClientID: id, First: put.First, Last: put.Last, Company: put.Company, Email: put.Email,
		HomePhone: put.HomePhone, MobilePhone: put.MobilePhone, WorkPhone: put.WorkPhone,
		AddressNumber: put.AddressNumber, AddressStreet: put.AddressStreet, SuiteNo: put.SuiteNo,
		City: put.City, State: put.State, Zip: put.Zip, Status: put.Status, Categories: put.Categories,
		SpouseFirst: put.SpouseFirst, SpouseLast: put.SpouseLast,
		URL: got.URL, Custom: got.Custom,
	}
	if len(want.Categories) == 0 {
		want.Categories = nil
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("contact %s: got\n%+v\nwant\n%+v", id, got, want)
	}
}

func TestStandInSingles(t *testing.T) {
	c := newCRM(t)
	vendor := c.AddVendor(dana, wisebox.Vendor{Company: "Desert Title", ContactName: "Cy Ray", Phone: "520-555-0150"})
	got, err := c.api.Contact(t.Context(), vendor)
	if err != nil || !got.Vendor || got.ClientID != vendor || got.Company != "Desert Title" || got.WorkPhone != "520-555-0150" {
		t.Errorf("vendor: got %+v, %v", got, err)
	}
	own := c.AddContact(dana, wisebox.Contact{First: "Ann", Last: "Lee", Custom: []wisebox.Custom{{Key: "MojoContactID", Value: "58"}}})
	got, err = c.api.Contact(t.Context(), own)
	if err != nil || got.Custom["MojoContactID"] != "58" {
		t.Errorf("custom data: got %+v, %v", got, err)
	}
	c.DeleteContact(dana, own)
	_, err = c.api.Contact(t.Context(), own)
	wantKind(t, "deleted", err, "unknown contact")
}

func TestStandInNotes(t *testing.T) {
	c := newCRM(t)
	id := c.AddContact(dana, wisebox.Contact{First: "Ann", Last: "Lee"})
	day := time.Date(2026, 7, 20, 18, 3, 36, 0, time.UTC)
	for i := range 5 {
		c.AddNote(dana, wisebox.Note{ClientID: id, Subject: "Call", Text: "<p>Wants\r\n\x0b a valuation</p>", Date: day.AddDate(0, 0, i)})
	}
	put := c.Notes(dana, id)
	first, err := c.api.Notes(t.Context(), id, 1, 3)
	if err != nil {
		t.Fatal(err)
	}
	rest, err := c.api.Notes(t.Context(), id, 2, 3)
	if err != nil || len(first) != 3 || len(rest) != 2 {
		t.Fatalf("got pages of %d and %d, %v, want 3 and 2", len(first), len(rest), err)
	}
	byID := map[int64]wisebox.Note{}
	for _, n := range put {
		byID[int64(n.ID)] = n
	}
	for _, got := range append(first, rest...) {
		want := byID[got.ID]
		if got.Text != want.Text || got.Subject != want.Subject || !got.Date.Equal(want.Date) {
			t.Errorf("got %+v, want %+v", got, want)
		}
		delete(byID, got.ID)
	}
	if len(byID) != 0 {
		t.Errorf("%d notes did not come", len(byID))
	}
}

// What each fault is called on every request, and that none of them passes for success.
func TestStandInFaults(t *testing.T) {
	tests := []struct {
		rule fault.Rule
		want string
	}{
		{fault.Rule{Kind: fault.TooMany, RetryAfter: 3 * time.Second}, "back off"},
		{fault.Rule{Kind: fault.ServerError}, "doubt"},
		{fault.Rule{Kind: fault.ServerError, Status: 503, RetryAfter: time.Second}, "back off"},
		{fault.Rule{Kind: fault.CutBefore}, "doubt"},
		{fault.Rule{Kind: fault.CutAfter}, "doubt"},
		{fault.Rule{Kind: fault.HTML}, "doubt"},
		{fault.Rule{Kind: fault.Truncated}, "doubt"},
		{fault.Rule{Kind: fault.HalfJSON}, "doubt"},
		{fault.Rule{Kind: fault.ErrorIn200}, "refused"},
		{fault.Rule{Kind: fault.ExpiredToken}, "token"},
		{fault.Rule{Kind: fault.RevokedToken}, "token"},
	}
	for _, tt := range tests {
		c := newCRM(t)
		id := c.AddContacts(dana, people.Make(3, 7))[0]
		tt.rule.Endpoint = fault.Any
		c.faults.Add(tt.rule)
		ctx := t.Context()
		for name, call := range map[string]func() error{
			"user":     func() error { _, err := c.api.User(ctx); return err },
			"count":    func() error { _, err := c.api.ContactsCount(ctx); return err },
			"contacts": func() error { _, err := c.api.Contacts(ctx, 1, 100); return err },
			"contact":  func() error { _, err := c.api.Contact(ctx, id); return err },
			"notes":    func() error { _, err := c.api.Notes(ctx, id, 1, 100); return err },
		} {
			wantKind(t, string(tt.rule.Kind)+" on "+name, call(), tt.want)
		}
	}
}

// Trouble at the token endpoint must never look like a dead sign-in.
func TestStandInFaultsAtTheTokenEndpoint(t *testing.T) {
	c := newCRM(t)
	_, refresh, _ := c.Tokens(dana, "profile")
	for k, want := range map[fault.Kind]string{
		fault.ServerError: "doubt", fault.CutBefore: "doubt", fault.HTML: "doubt", fault.TooMany: "back off", fault.ErrorIn200: "refused",
	} {
		c.faults.Add(fault.Rule{Endpoint: "token", Kind: k, Times: 1})
		_, err := c.client.Refresh(t.Context(), refresh)
		wantKind(t, string(k), err, want)
	}
	_, err := c.client.Refresh(t.Context(), refresh)
	wantKind(t, "refresh after all that", err, "success")
}
