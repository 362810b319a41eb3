package web

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"addtomojo/bridge"
	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
	wisebox "addtomojo/sandbox/wiseagent"
	"addtomojo/store"
)

// The whole way, as a first visit goes: launch, Mojo, Wise Agent, groups, push, powerdialer.
func TestFirstVisitToPowerdialer(t *testing.T) {
	h := newHouse(t, nil)
	h.work()
	b := h.browser()
	launch := b.launch(3)
	b.get(launch).want(200).says("Continue with Wise Agent", "Mojo PIN", "Login", "Password", "Connect", "Support code")
	consent := b.post(launch+"/mojo", dana()).to(h.wiseURL + "/WiseAuth/auth?")
	b.get(launch).want(200).says("Waiting for Wise Agent", "Ruiz Realty Group", "Continue with Wise Agent")
	back := b.atWiseAgent(consent, jane, allScopes...)
	b.get(back).to(launch)

	page := b.ready(launch).says(jane, "Hot Lead", "FSBO", "Add 3 contacts to Mojo", "New group", "Reset Credentials")
	key := page.value("push")
	form := url.Values{"push": {key}, "group": {strconv.FormatInt(h.hot, 10)}}
	landing := b.post(launch+"/push", form).to("/push/" + key + "?landing=1")
	if again := b.post(launch+"/push", form).to("/push/"); again != landing {
		t.Errorf("second press: got %s, want the same push %s", again, landing)
	}
	b.ended("/push/"+key, store.PushDone).says("3 added", "Open Mojo", "Undo")
	if got := len(h.mojo.Contacts("8812", h.hot)); got != 3 {
		t.Errorf("contacts in the group: got %d, want 3", got)
	}
	want := h.mojoURL + "/my-data/?group_id=" + strconv.FormatInt(h.hot, 10)
	if got := b.get("/push/" + key + "/land").to(h.mojoURL); got != want {
		t.Errorf("landing: got %s, want %s", got, want)
	}
	conn, err := h.store.ConnectionByEmail(t.Context(), jane)
	if err != nil || conn.TimeZone != "America/Phoenix" {
		t.Errorf("connection: got zone %q, %v, want the browser's", conn.TimeZone, err)
	}
}

func TestReloadAndBackAtEveryStep(t *testing.T) {
	h := newHouse(t, nil)
	h.work()
	b := h.browser()
	launch := b.launch(2)
	consent := b.post(launch+"/mojo", dana()).to(h.wiseURL)
	b.post(launch+"/mojo", dana()).to(h.wiseURL) // sent twice
	back := b.atWiseAgent(consent, jane, allScopes...)
	b.get(back).to(launch)
	b.get(back).to(launch)                                  // callback reloaded
	b.post(launch+"/mojo", dana()).to(launch)               // back to the sign-in form, sent again
	b.post(launch+"/wiseagent", url.Values{}).to(h.wiseURL) // back to Continue
	b.get(launch).want(200)
	push := b.push(launch)
	b.ended(push, store.PushDone)
	b.get(push + "?landing=1").want(200)
	b.post(push+"/undo", nil).to(push)
	b.post(push+"/undo", nil).to(push)
	b.ended(push, store.PushUndone)
	b.post(push+"/retry", nil).to(push) // nothing failed: nothing happens
	b.get(push + "/land").to(push)
	b.get("/pushes").want(200).says("Hot Lead", "undone")
}

func TestSignedLaunchSignsIn(t *testing.T) {
	h := newHouse(t, func(s *Server) { s.LaunchSecret = launchSecret })
	b := h.browser()
	form := h.signedForm("Jane@Example.com", h.contacts[:2]...)
	launch := b.post("/launch", form, "Sec-Fetch-Site", "cross-site").to("/add/")
	b.get(launch).want(200).says(jane, "Mojo PIN")
	h.browser().get(launch).want(401)

	other := b.get("/launch?" + h.signedForm(joe, "26855").Encode()).to("/add/")
	b.get(other).want(200).says(joe)
	b.get(launch).want(404) // jane's session was replaced
}

// A launch signed for jane can't be finished as joe, and nothing is kept of the try.
func TestSignedLaunchAsSomebodyElse(t *testing.T) {
	h := newHouse(t, func(s *Server) { s.LaunchSecret = launchSecret })
	b := h.browser()
	launch := b.get("/launch?" + h.signedForm(jane, h.contacts[0]).Encode()).to("/add/")
	consent := b.post(launch+"/mojo", dana()).to(h.wiseURL)
	b.get(b.atWiseAgent(consent, joe, allScopes...)).to("/problem")
	b.get("/problem").want(409).says("j***@example.com", "j***@example.org", "Continue with Wise Agent")
	b.get(launch).want(200).says(jane, "Waiting for Wise Agent")
	b.get(b.atWiseAgent(b.post(launch+"/wiseagent", nil).to(h.wiseURL), jane, allScopes...)).to(launch)
	b.ready(launch).says("Hot Lead")
}

func TestWiseAgentDownAtTheExchange(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser()
	launch := b.launch(1)
	consent := b.post(launch+"/mojo", dana()).to(h.wiseURL)
	back := b.atWiseAgent(consent, jane, allScopes...)
	rule := h.wiseFaults.Add(fault.Rule{Endpoint: "token", Kind: "server_error", Status: 500})
	b.get(back).to("/problem")
	a := b.get("/problem").want(503).says("Wise Agent isn't answering", "Go back")
	if a.header.Get("Retry-After") == "" {
		t.Error("Retry-After: none")
	}
	if !strings.Contains(h.log.String(), "request failed") {
		t.Error("log: nothing of the failure")
	}
	h.wiseFaults.Remove(rule)
	b.get(b.atWiseAgent(b.post(launch+"/wiseagent", nil).to(h.wiseURL), jane, allScopes...)).to(launch)
	b.ready(launch)
}

func TestSignedLaunchRefusals(t *testing.T) {
	h := newHouse(t, func(s *Server) { s.LaunchSecret = launchSecret })
	b := h.browser()
	used := h.signedForm(jane, h.contacts[0])
	b.get("/launch?" + used.Encode()).to("/add/")
	broken := h.signedForm(jane, h.contacts[0])
	broken.Set("user", joe)
	twice := h.signedForm(jane, h.contacts[0])
	twice.Add("nonce", "x")
	old := h.signedForm(jane, h.contacts[0])
	cases := []struct {
		name   string
		form   url.Values
		status int
		says   string
	}{
		{"nonce used", used, 410, "This link was used before"},
		{"unsigned", url.Values{"contacts": {"1"}}, 403, "We couldn't check this link"},
		{"for somebody else", broken, 403, "We couldn't check this link"},
		{"given twice", twice, 403, "We couldn't check this link"},
		{"nothing selected", h.signedForm(jane), 422, "Nothing is selected"},
		{"no ids", h.signedForm(jane, "<b>", "12"), 422, "Some contacts couldn't be read"},
		{"too many", h.signedForm(jane, manyIDs(5001)...), 422, "You selected 5,001 contacts. At most 5,000"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b.post("/launch", c.form).want(c.status).says(c.says, "Support code")
			if len(c.form.Encode()) < 4000 {
				b.get("/launch?" + c.form.Encode()).to("/problem")
				b.get("/problem").want(c.status).says(c.says, "Support code")
			}
		})
	}
	h.clock.advance(launchTolerance + time.Second)
	b.post("/launch", old).want(410).says("too old")
	if b.post("/launch", url.Values{"contacts": {strings.Repeat("1,", launchBodyLimit)}}).status != 413 {
		t.Error("a body over the limit: want 413")
	}
}

func manyIDs(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = strconv.Itoa(100_000 + i)
	}
	return ids
}

// A form that Wise Agent's page posts comes without the session's cookie; the customer must stay signed in all the same.
func TestUnsignedLaunchByPostKeepsTheSession(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser()
	b.connect(1)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.url+"/launch", strings.NewReader("contacts="+h.contacts[1]))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	r.Header.Set("Origin", h.wiseURL)
	bare := h.browser() // the same person: a cross-site POST brings no Lax cookie
	a := bare.do(r)
	launch := a.to("/add/")
	for _, line := range a.header.Values("Set-Cookie") {
		if strings.HasPrefix(line, "addtomojo=") {
			t.Errorf("cookie: %s replaces the session", line)
		}
	}
	u, _ := url.Parse(h.url + launch)
	b.http.Jar.SetCookies(u, bare.http.Jar.Cookies(u))
	b.ready(launch).says("Add 1 contact to Mojo", jane)
}

func TestUnsignedLaunchBelongsToItsBrowser(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser()
	launch := b.launch(1)
	h.browser().get(launch).want(401)
	h.clock.advance(claimLife + time.Second)
	b.get(launch).want(401) // the claim was not used in time
	launch = b.launch(1)
	b.get(launch).want(200)
	h.clock.advance(claimLife + time.Second)
	b.get(launch).want(200) // the session holds it
}

func TestReturnVisit(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser()
	b.connect(1)
	b.ready(b.launch(2)).says("Add 2 contacts to Mojo")

	other := h.browser() // no session: Wise Agent alone is asked
	launch := other.launch(2)
	consent := other.post(launch+"/wiseagent", url.Values{"tz": {"Europe/Berlin"}}).to(h.wiseURL)
	other.get(other.atWiseAgent(consent, jane, allScopes...)).to(launch)
	other.ready(launch).says(jane, "Add 2 contacts to Mojo")
}

func TestWiseAgentFirstThenMojo(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser()
	launch := b.launch(1)
	consent := b.post(launch+"/wiseagent", nil).to(h.wiseURL)
	b.get(b.atWiseAgent(consent, jane, allScopes...)).to(launch)
	b.get(launch).want(200).says(jane, "Mojo PIN")
	b.post(launch+"/mojo", dana()).to(launch)
	b.ready(launch).says("Hot Lead")
}

func TestMojoSignInRefusals(t *testing.T) {
	type try struct {
		name, pin, login, password string
		status                     int
		says                       string
	}
	cases := []try{
		{"wrong PIN", "1", "dana", "dana-sandbox", 422, "Mojo didn't accept that PIN, login or password."},
		{"wrong login", "482913", "nobody", "dana-sandbox", 422, "Mojo didn't accept that PIN, login or password."},
		{"wrong password", "482913", "dana", "guess", 422, "Mojo didn't accept that PIN, login or password."},
		{"dialing rep", "482913", "dex", "dex-sandbox", 422, "dialing rep"},
		{"suspended", "774120", "cora", "cora-sandbox", 422, "suspended"},
		{"nothing typed", "", "dana", "", 422, "Type your Mojo PIN."},
	}
	h := newHouse(t, nil)
	b := h.browser()
	launch := b.launch(1)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := b.try(launch, url.Values{"pin": {c.pin}, "login": {c.login}, "password": {c.password}})
			a.want(c.status).says(c.says, "Connect")
			if got := a.value("login"); got != c.login {
				t.Errorf("login: got %q, want %q kept", got, c.login)
			}
			if c.password != "" && strings.Contains(a.body, c.password) {
				t.Error("the password is in the page")
			}
			if again := b.get(launch).want(200); again.value("login") != "" || strings.Contains(again.text(), c.says) {
				t.Error("a reload shows the answer again, want a fresh form")
			}
		})
	}
	h.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointToken, Kind: "html"})
	b.try(launch, dana()).want(503).says("Mojo isn't answering")
	if strings.Contains(h.log.String(), "sandbox") {
		t.Error("a password is in the log")
	}
}

func TestTooManyWrongSignIns(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser()
	launch := b.launch(1)
	form := dana()
	form.Set("password", "guess")
	for range 40 {
		a := b.try(launch, form)
		if a.status == http.StatusTooManyRequests {
			a.says("Too many tries")
			if a.header.Get("Retry-After") == "" || a.value("login") != "dana" {
				t.Errorf("waiting: got Retry-After %q and login %q, want both", a.header.Get("Retry-After"), a.value("login"))
			}
			return
		}
		a.want(422)
	}
	t.Error("40 wrong sign-ins: want 429 before that")
}

func TestTakenMojoAccount(t *testing.T) {
	h := newHouse(t, nil)
	h.browser().connect(1)
	b := h.browser()
	launch := b.launch(1)
	consent := b.post(launch+"/mojo", dana()).to(h.wiseURL)
	b.get(b.atWiseAgent(consent, joe, allScopes...)).to("/problem")
	b.get("/problem").want(409).says("j***@example.com", "Reset Credentials", "Support code")
	b.get(launch).want(200).says("Mojo PIN") // and another account can be tried
}

func TestConsentOutcomes(t *testing.T) {
	cases := []struct {
		name   string
		scopes []string
		status int
		says   string
	}{
		{"denied", nil, 403, "You didn't allow access"},
		{"contacts denied", []string{"profile", "team"}, 403, "You didn't allow Contacts"},
		{"profile denied", []string{"contacts", "team"}, 403, "You didn't allow Profile"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t, nil)
			b := h.browser()
			launch := b.launch(1)
			consent := b.post(launch+"/mojo", dana()).to(h.wiseURL)
			b.get(b.atWiseAgent(consent, jane, c.scopes...)).to("/problem")
			b.get("/problem").want(c.status).says(c.says, "Continue with Wise Agent")
			consent = b.post(launch+"/wiseagent", nil).to(h.wiseURL)
			b.get(b.atWiseAgent(consent, jane, allScopes...)).to(launch)
			b.ready(launch)
		})
	}
	t.Run("team denied", func(t *testing.T) {
		h := newHouse(t, nil)
		b := h.browser()
		launch := b.launch(1)
		consent := b.post(launch+"/mojo", dana()).to(h.wiseURL)
		b.get(b.atWiseAgent(consent, jane, "profile", "contacts")).to(launch)
		b.ready(launch).says("You didn't allow Team")
	})
}

// Login CSRF and code injection: an answer that this browser didn't ask for is refused before any token is asked for.
func TestConsentOfAnotherBrowser(t *testing.T) {
	h := newHouse(t, nil)
	mine, theirs := h.browser(), h.browser()
	launch := mine.launch(1)
	back := mine.atWiseAgent(mine.post(launch+"/wiseagent", nil).to(h.wiseURL), jane, allScopes...)
	theirs.get(theirs.launch(1)).want(200)
	for name, address := range map[string]string{
		"somebody else's":  back,
		"used up":          back,
		"without state":    bridge.CallbackPath + "?code=abc",
		"with unknown one": bridge.CallbackPath + "?code=abc&state=def",
		"bare":             bridge.CallbackPath,
	} {
		a := theirs.get(address)
		if a.status == http.StatusSeeOther {
			a = theirs.get(a.to("/problem"))
		}
		if a.status != 403 && a.status != 410 {
			t.Errorf("%s answer: got %d, want 403 or 410\n%s", name, a.status, a.text())
		}
		if a.says("Go back to Wise Agent"); strings.Contains(a.text(), "Continue with Wise Agent") {
			t.Errorf("%s answer: asks for a button that isn't there:\n%s", name, a.text())
		}
	}
	if got := h.wise.Requests()["token"]; got != 0 {
		t.Errorf("token requests: got %d of %v, want none", got, h.wise.Requests())
	}
	if _, err := h.store.ConnectionByEmail(t.Context(), jane); err == nil {
		t.Error("connection: there is one, want none")
	}
}

func TestConsentTooLate(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser()
	launch := b.launch(1)
	back := b.atWiseAgent(b.post(launch+"/wiseagent", nil).to(h.wiseURL), jane, allScopes...)
	h.clock.advance(11 * time.Minute)
	b.get(back).to("/problem")
	b.get("/problem").want(410).says("took longer than 10 minutes", "Continue with Wise Agent")
}

func TestSignInRotatesTheSession(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser()
	launch := b.launch(1)
	b.get(launch).want(200)
	before := b.session()
	b.get(b.atWiseAgent(b.post(launch+"/wiseagent", nil).to(h.wiseURL), jane, allScopes...)).to(launch)
	if after := b.session(); after == before {
		t.Errorf("session cookie: got %q before and after signing in, want another one", after)
	}
}

// cookie is the session cookie's value.
func (b *browser) cookie() string {
	u, _ := url.Parse(b.h.url)
	for _, c := range b.http.Jar.Cookies(u) {
		if c.Name == "addtomojo" {
			return c.Value
		}
	}
	return ""
}

// session is the id in the session's cookie: the whole value has the second in it in which it was last set.
func (b *browser) session() string {
	b.h.t.Helper()
	value, err := base64.URLEncoding.DecodeString(b.cookie())
	parts := strings.SplitN(string(value), "|", 3)
	if err != nil || len(parts) != 3 {
		b.h.t.Fatalf("the session's cookie: got %q, want date|id|mac", value)
	}
	return parts[1]
}

func TestSignOut(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser()
	launch := b.connect(1)
	old := b.cookie()
	b.post("/signout", nil).want(200).says("You are signed out")
	b.get(launch).want(401)
	b.get("/pushes").want(401)
	u, _ := url.Parse(h.url)
	b.http.Jar.SetCookies(u, []*http.Cookie{{Name: "addtomojo", Value: old, Path: "/"}})
	b.get("/pushes").want(401).says("You are signed out")
}

func TestNewGroup(t *testing.T) {
	cases := []struct {
		name, group, says string
	}{
		{"empty", "  ", "A new group needs a name."},
		{"long", strings.Repeat("x", 300), "at most 100 characters"},
		{"taken", "hot lead", "Mojo already has a group with this name."},
	}
	h := newHouse(t, nil)
	b := h.browser()
	launch := b.connect(1)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			page := b.post(launch+"/groups", url.Values{"name": {c.group}}).want(422).says(c.says, "Add 1 contact to Mojo")
			if got := page.value("name"); got != c.group {
				t.Errorf("name: got %q, want %q kept", got, c.group)
			}
			part := b.post(launch+"/groups", url.Values{"name": {c.group}}, "HX-Request", "true").want(422).says(c.says)
			if strings.Contains(part.body, "<html") {
				t.Error("htmx got a whole page, want the part")
			}
		})
	}
	chosen := b.post(launch+"/groups", url.Values{"name": {"Spring </script> & fair"}}).to(launch + "?group=")
	page := b.get(chosen).want(200).says("Spring </script> & fair")
	part := b.post(launch+"/groups", url.Values{"name": {"Autumn"}}, "HX-Request", "true").want(200).says("Autumn")
	for name, a := range map[string]*answer{"page": page, "part": part} {
		checked := a.all("input", "checked", "*")
		if id, _ := attr(checked[0], "value"); len(checked) != 1 || id == strconv.FormatInt(h.hot, 10) {
			t.Errorf("%s: %d groups are chosen, the first %s; want the new one", name, len(checked), id)
		}
	}
}

func TestPreflightSaysWhoHasNothingToCallThemBy(t *testing.T) {
	h := newHouse(t, nil)
	h.work()
	b := h.browser()
	id := h.wise.AddContact(jane, wisebox.Contact{})
	b.connect(1)
	launch := b.get("/launch?contacts=" + h.contacts[0] + "," + id).to("/add/")
	page := b.ready(launch).says("Add 1 contact to Mojo", "1 has no name, phone or e-mail skipped")
	if got := page.all("ul", "aria-label", "Who has no name, phone or e-mail"); len(got) != 1 || !strings.Contains(page.text(), "Contact "+id) {
		t.Errorf("names behind the number: got %d lists, want one with contact %s\n%s", len(got), id, page.text())
	}
}

func TestFirstGroupOpensTheButton(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser()
	launch := b.launch(1)
	fran := url.Values{"pin": {"310577"}, "login": {"fran"}, "password": {"fran-sandbox"}}
	b.get(b.atWiseAgent(b.post(launch+"/mojo", fran).to(h.wiseURL), jane, allScopes...)).to(launch)
	b.ready(launch).says("Create your first group")
	a := b.post(launch+"/groups", url.Values{"name": {"First"}}, "HX-Request", "true").want(200)
	if got := a.header.Get("HX-Redirect"); !strings.HasPrefix(got, launch+"?group=") {
		t.Errorf("HX-Redirect: got %q, want the page with the group", got)
	}
}

func TestBadPushes(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser()
	launch := b.connect(1)
	key := b.ready(launch).value("push")
	cases := []struct {
		name       string
		key, group string
		status     int
	}{
		{"no group", key, "", 422},
		{"group that isn't there", key, "999999", 409},
		{"no key", "", strconv.FormatInt(h.hot, 10), 400},
		{"made-up key", "../../etc", strconv.FormatInt(h.hot, 10), 400},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b.post(launch+"/push", url.Values{"push": {c.key}, "group": {c.group}}).want(c.status).says("Support code", "Go back")
		})
	}
}

func TestMojoDownOnTheGroupPage(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser()
	launch := b.connect(1)
	b.ready(launch)
	h.mojoFaults.Add(fault.Rule{Endpoint: "*", Kind: "html"})
	h.clock.advance(time.Minute)
	b.get(launch).want(200).says("Hot Lead") // the stored list is better than none
	b.post(launch+"/groups", url.Values{"name": {"New"}}).want(422).says("Mojo isn't answering")
}

func TestNeedsSignInAgain(t *testing.T) {
	h := newHouse(t, nil)
	h.work()
	b := h.browser()
	launch := b.connect(1)
	b.ready(launch)
	h.mojo.RevokeTokens("8812")
	h.mojo.ExpireTokens("8812")
	b.get(launch+"?fresh=1").want(200).says("Sign in to Mojo again", "Mojo PIN")
	b.get(launch).want(200).says("Sign in to Mojo again")
	form := dana()
	form.Set("password", "wrong")
	b.try(launch, form).want(422).says("Sign in to Mojo again", "didn't accept")
	b.post(launch+"/mojo", dana()).to(launch)
	b.ready(launch).says("Hot Lead")

	h.wise.RevokeTokens(jane)
	launch = b.launch(2)
	for range 20 {
		if a := b.get(launch); strings.Contains(a.text(), "Sign in to Wise Agent again") {
			b.get(b.atWiseAgent(b.post(launch+"/wiseagent", nil).to(h.wiseURL), jane, allScopes...)).to(launch)
			b.ready(launch).says("Add 2 contacts to Mojo")
			return
		}
	}
	t.Error("Wise Agent's side: want to be asked for a new sign-in")
}

// Who signs in again from a paused push comes back to it, not to the groups: it is what they were waiting for.
func TestSignInAgainLeadsBackToThePush(t *testing.T) {
	for _, side := range []store.Side{store.Mojo, store.Wise} {
		t.Run(string(side), func(t *testing.T) {
			h := newHouse(t, nil)
			b := h.browser()
			launch := b.connect(2)
			push := b.push(launch)
			if side == store.Mojo {
				h.mojo.RevokeTokens("8812")
				h.mojo.ExpireTokens("8812")
			} else {
				h.wise.RevokeTokens(jane)
			}
			h.clock.advance(16 * time.Minute) // what was fetched ahead is too old
			h.work()
			again, _ := attr(b.ended(push, store.PushPaused).all("a", "id", "push-sign-in")[0], "href")
			b.get(again).want(200).says("again")
			if side == store.Mojo {
				form := dana()
				form.Set("password", "wrong")
				b.try(launch, form).want(422).says("didn't accept")
				b.post(launch+"/mojo", dana()).to(push)
			} else {
				b.get(b.atWiseAgent(b.post(launch+"/wiseagent", nil).to(h.wiseURL), jane, allScopes...)).to(push)
			}
			b.ended(push, store.PushDone).says("2 added")
			b.get(again).to(push) // from the history: there is nothing to sign in to
			b.get(launch).want(200)
		})
	}
}

func TestReset(t *testing.T) {
	h := newHouse(t, nil)
	h.work()
	b := h.browser()
	launch := b.connect(1)
	push := b.push(launch)
	b.ended(push, store.PushDone)
	b.get("/reset").want(200).says("Reset Credentials?", jane, "Ruiz Realty Group", "Groups and contacts stay in Mojo")
	b.post("/reset", nil).want(200).says("Disconnected", "The Mojo account is free.")
	b.post("/reset", nil).want(409).says("Nothing is connected")
	b.get("/pushes").want(409)
	b.get(push).want(200)
	b.get(push + "/land").to(push)
	b.post(push+"/undo", nil).want(409)
	b.post(push+"/retry", nil).want(409)
	b.get(launch).want(200).says("Mojo PIN") // the session stays
	b.get(b.atWiseAgent(b.post(launch+"/mojo", dana()).to(h.wiseURL), jane, allScopes...)).to(launch)
	b.ready(launch)
}
