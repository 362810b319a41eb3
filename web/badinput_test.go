package web

import (
	"encoding/hex"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"addtomojo/bridge"
	"addtomojo/store"
)

// What bad input gets, at the front door. Every row says what somebody sends, and what a person then reads: the status,
// what is wrong, what to do, a support code. Nothing may be half done, and nothing lost.

// supportCode finds the code on a page.
var supportCode = regexp.MustCompile(`Support code ([0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4})`)

// code is the page's support code; every page of the popup has one.
func (a *answer) code() string {
	a.t.Helper()
	found := supportCode.FindStringSubmatch(a.text())
	if found == nil {
		a.t.Fatalf("page without a support code: %d\n%s", a.status, a.text())
	}
	return found[1]
}

// refuses fails the test unless the answer, or the page that it redirects to, has the status, the words and a support
// code, in plain words under a clean address.
func (b *browser) refuses(a *answer, status int, words ...string) *answer {
	b.t.Helper()
	if a.status == http.StatusSeeOther && status != http.StatusOK && !strings.Contains(a.location, "?") {
		a = b.get(a.location)
	}
	a.want(status).says(words...)
	a.code()
	said := strings.Replace(a.text(), words[0], "", 1) // may quote what was sent
	if word := jargon.FindString(said); word != "" {
		b.t.Errorf("page says %q:\n%s", word, a.text())
	}
	return a
}

// asked counts what was asked of the partners so far.
func (h *house) asked() map[string]int {
	all := map[string]int{}
	for name, n := range h.wise.Requests() {
		all["wise "+name] = n
	}
	for name, n := range h.mojo.Requests() {
		all["mojo "+name] = n
	}
	return all
}

// still waits until nothing is asked of the partners any more: contacts and notes may still be fetched ahead.
func (h *house) still() {
	h.t.Helper()
	for before, end := h.asked(), time.Now().Add(10*time.Second); time.Now().Before(end); {
		time.Sleep(250 * time.Millisecond)
		now := h.asked()
		if maps.Equal(now, before) {
			return
		}
		before = now
	}
	h.t.Fatal("the partners are asked again and again")
}

// launches are the ways to send a form to /launch.
func (b *browser) launches(form url.Values) map[string]func() *answer {
	ways := map[string]func() *answer{
		"POST": func() *answer { return b.post("/launch", form, "Sec-Fetch-Site", "cross-site") },
	}
	if query := form.Encode(); len(query) < 900_000 {
		ways["GET"] = func() *answer { return b.get("/launch?" + query) }
	}
	return ways
}

func TestBadSignedLaunches(t *testing.T) {
	h := newHouse(t, func(s *Server) { s.LaunchSecret = launchSecret })
	at := func(age time.Duration, contacts ...string) url.Values {
		f := h.signedForm(jane, contacts...)
		f.Set("ts", strconv.FormatInt(h.clock.Now().Add(-age).Unix(), 10))
		return f
	}
	sign := func(f url.Values) url.Values {
		f.Set("signature", hex.EncodeToString(signLaunch(f, launchSecret)))
		return f
	}
	with := func(key, value string) url.Values { // changed after it was signed
		f := h.signedForm(jane, "26855")
		f.Set(key, value)
		return f
	}
	twice := func(key string) url.Values {
		f := h.signedForm(jane, "26855")
		f.Add(key, f.Get(key))
		return f
	}
	without := func(key string) url.Values {
		f := h.signedForm(jane, "26855")
		f.Del(key)
		return f
	}
	const unsure, again = "We couldn't check this link", "choose Add to Mojo again"
	cases := []struct {
		name   string
		form   url.Values
		status int
		says   []string
	}{
		{"a name for an id", h.signedForm(jane, "26855", "ann"), 422, []string{"ann", "These are not the ids", "nothing was opened", again}},
		{"a V alone", h.signedForm(jane, "V"), 422, []string{"These are not the ids", again}},
		{"a negative id", h.signedForm(jane, "-26855"), 422, []string{"-26855", again}},
		{"thirteen digits", h.signedForm(jane, "1234567890123"), 422, []string{"1234567890123", again}},
		{"a path", h.signedForm(jane, "../../etc/passwd"), 422, []string{"../../etc/passwd", again}},
		{"markup", h.signedForm(jane, "<script>alert(1)</script>"), 422, []string{"<script>alert(1)</", again}},
		{"long and odd ids", h.signedForm(jane, slices.Repeat([]string{strings.Repeat("\U0001f3e0<&", 7)}, 11)...), 422, []string{"These are not the ids", again}},
		{"other digits", h.signedForm(jane, "٢٦٨٥٥"), 422, []string{"٢٦٨٥٥", again}},
		{"5,001 contacts", h.signedForm(jane, manyIDs(5001)...), 422, []string{"You selected 5,001 contacts. At most 5,000", "Select fewer"}},
		{"everybody of a large account", h.signedForm(jane, manyIDs(60_000)...), 422, []string{"You selected 60,000 contacts. At most 5,000", "Select fewer"}},

		{"91 s old", sign(at(91*time.Second, "26855")), 410, []string{"too old", "90 seconds", again}},
		{"91 s ahead", sign(at(-91*time.Second, "26855")), 410, []string{"isn't good yet", "90 seconds ahead", again}},
		{"unsigned", url.Values{"contacts": {"26855"}}, 403, []string{unsure, again}},
		{"nothing at all", url.Values{}, 403, []string{unsure, again}},
		{"signature missing", without("signature"), 403, []string{unsure, again}},
		{"signature of another secret", with("signature", strings.Repeat("ab", 32)), 403, []string{unsure, again}},
		{"signature not hex", with("signature", "zz"), 403, []string{unsure, again}},
		{"for somebody else", with("user", joe), 403, []string{unsure, again}},
		{"other contacts", with("contacts", "26856"), 403, []string{unsure, again}},
		{"later", with("ts", strconv.FormatInt(h.clock.Now().Unix()+1, 10)), 403, []string{unsure, again}},
		{"user missing", sign(without("user")), 403, []string{unsure, again}},
		{"nonce missing", sign(without("nonce")), 403, []string{unsure, again}},
		{"nonce of 201 characters", sign(with("nonce", strings.Repeat("n", 201))), 403, []string{unsure, again}},
		{"user that is no text", sign(with("user", "jane\xff@example.com")), 403, []string{unsure, again}},
		{"nonce that is no text", sign(with("nonce", "\xc3\x28")), 403, []string{unsure, again}},
		{"contacts twice", twice("contacts"), 403, []string{unsure, again}},
		{"user twice", twice("user"), 403, []string{unsure, again}},
		{"ts twice", twice("ts"), 403, []string{unsure, again}},
		{"nonce twice", twice("nonce"), 403, []string{unsure, again}},
		{"signature twice", twice("signature"), 403, []string{unsure, again}},
	}
	for _, c := range cases {
		b := h.browser()
		for way, send := range b.launches(c.form) {
			t.Run(c.name+"/"+way, func(t *testing.T) {
				b.t = t
				before := h.asked()
				b.refuses(send(), c.status, c.says...)
				if after := h.asked(); !maps.Equal(before, after) {
					t.Errorf("asked of the partners: got %v, want nothing new to %v", after, before)
				}
				if b.cookie() != "" {
					t.Error("a refused launch signs somebody in")
				}
			})
		}
	}
}

// A reused link opens nothing, and the launch that it opened first goes on.
func TestReusedLaunch(t *testing.T) {
	h := newHouse(t, func(s *Server) { s.LaunchSecret = launchSecret })
	b, thief := h.browser(), h.browser()
	form := h.signedForm(jane, h.contacts[0])
	launch := b.get("/launch?" + form.Encode()).to("/add/")
	for way, send := range thief.launches(form) {
		thief.refuses(send(), 410, "This link was used before", "choose Add to Mojo again")
		if thief.cookie() != "" {
			t.Errorf("%s: a reused launch signs somebody in", way)
		}
	}
	form.Set("contacts", h.contacts[1]) // the same nonce under another signature
	form.Set("signature", hex.EncodeToString(signLaunch(form, launchSecret)))
	thief.refuses(thief.post("/launch", form), 410, "This link was used before")
	b.get(launch).want(200).says("1 contact", "Mojo PIN")
}

func TestBadUnsignedLaunches(t *testing.T) {
	h := newHouse(t, nil)
	ids := func(list ...string) url.Values { return url.Values{"contacts": {strings.Join(list, ",")}} }
	cases := []struct {
		name   string
		form   url.Values
		status int
		says   []string
	}{
		{"nothing at all", url.Values{}, 422, []string{"Nothing is selected", "Select contacts in Wise Agent"}},
		{"nothing selected", ids(""), 422, []string{"Nothing is selected", "Select contacts in Wise Agent"}},
		{"no ids", ids("26855", "Ann Lee"), 422, []string{"Ann Lee", "These are not the ids", "choose Add to Mojo again"}},
		{"5,001 contacts", ids(manyIDs(5001)...), 422, []string{"You selected 5,001 contacts. At most 5,000", "Select fewer"}},
		{"given twice", url.Values{"contacts": {"1", "2"}}, 403, []string{"We couldn't check this link"}},
	}
	for _, c := range cases {
		b := h.browser()
		for way, send := range b.launches(c.form) {
			t.Run(c.name+"/"+way, func(t *testing.T) {
				b.t = t
				b.refuses(send(), c.status, c.says...)
			})
		}
	}
	b := h.browser()
	b.refuses(b.get("/launch?contacts=%zz"), 403, "We couldn't check this link")
	b.refuses(b.post("/launch?contacts=1", ids("2")), 403, "We couldn't check this link")
	b.refuses(b.post("/launch", ids("1"), "Content-Type", "application/json"), 422, "Nothing is selected")
	b.refuses(b.post("/launch", url.Values{"contacts": {strings.Repeat("1,", launchBodyLimit)}}), 413, "That is more than fits", "At most 5,000")
}

// As many contacts as are allowed come in by either way.
func TestFiveThousandContacts(t *testing.T) {
	signed := newHouse(t, func(s *Server) { s.LaunchSecret = launchSecret })
	open := newHouse(t, nil)
	ids := manyIDs(5000)
	for i := range ids {
		ids[i] = "123456" + ids[i] // as long as an id may be
	}
	for _, way := range []string{"GET", "POST"} {
		for _, h := range []*house{signed, open} {
			form := url.Values{"contacts": {strings.Join(ids, ",")}}
			if h == signed {
				form = h.signedForm(jane, ids...)
			}
			launch := h.browser().launches(form)[way]().to("/add/")
			l, err := h.store.Launch(t.Context(), strings.TrimPrefix(launch, "/add/"))
			if err != nil || l.Signed != (h == signed) || !slices.Equal(l.Contacts, ids) {
				t.Errorf("%s, signed %v: got %d contacts, %v, want all 5,000 in their order", way, h == signed, len(l.Contacts), err)
			}
		}
	}
}

// What is not the customer's to send is left out by name, and all the rest goes.
func TestContactsThatAreNotThere(t *testing.T) {
	h := newHouse(t, nil)
	h.work()
	b := h.browser()
	launch := b.connect(1)
	foreign := h.wise.Contacts(joe)[0].ID
	own, deleted := h.contacts[0], h.contacts[1]
	b.get(launch).want(200)
	h.wise.DeleteContact(jane, deleted) // before it is fetched: the popup fetches from the moment it opens
	launch = b.get("/launch?contacts=" + strings.Join([]string{own, deleted, strconv.Itoa(foreign), "999999999999", "V999"}, ",")).to("/add/")
	b.ready(launch).says("Add 1 contact to Mojo", "3 are no longer in Wise Agent, or not yours", "1 is a vendor")
	push := b.push(launch)
	b.ended(push, store.PushDone).says("1 added", "Skipped 4")
	b.get(push+"?show=skipped").says("No longer in Wise Agent, or not one of your contacts.", "Vendors are not sent")
	if got := h.mojo.Contacts("8812", 0); len(got) != 1 || got[0].APIContactID != "wa-"+own {
		t.Errorf("in Mojo: got %+v, want jane's own contact alone", got)
	}

	nobody := b.get("/launch?contacts=" + strconv.Itoa(foreign)).to("/add/")
	page := b.ready(nobody).says("There is nobody left to add", "1 is no longer in Wise Agent, or not yours")
	if button := page.all("button", "data-add-button", "*"); len(button) != 1 {
		t.Errorf("got %d buttons, want one", len(button))
	} else if _, off := attr(button[0], "disabled"); !off {
		t.Error("the button is open with nobody to add")
	}
}

func TestConsentDenied(t *testing.T) {
	const path = "/add/"
	cases := []struct {
		name   string
		scopes []string
		status int
		says   []string
	}{
		{"all", nil, 403, []string{"You didn't allow access", "Nothing was connected", "Continue with Wise Agent"}},
		{"profile", []string{"contacts", "team"}, 403, []string{"You didn't allow Profile.", "Nothing was connected", "Continue with Wise Agent"}},
		{"contacts", []string{"profile", "team"}, 403, []string{"You didn't allow Contacts.", "Nothing was connected", "Continue with Wise Agent"}},
		{"profile and contacts", []string{"team"}, 403, []string{"You didn't allow Profile and Contacts.", "Nothing was connected"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t, nil)
			b := h.browser()
			launch := b.launch(1)
			code := b.get(launch).code()
			back := b.atWiseAgent(b.post(launch+"/mojo", dana()).to(h.wiseURL), jane, c.scopes...)
			page := b.refuses(b.get(back), c.status, c.says...)
			if page.code() != code {
				t.Errorf("support code: got %s, want the launch's %s", page.code(), code)
			}
			h.notConnected(jane)
			if got := h.wise.Requests()["token"]; got != 0 {
				t.Errorf("token requests: got %d, want none for a consent that isn't enough", got)
			}
			b.get(launch).want(200).says("Waiting for Wise Agent") // Mojo's side is not lost
			b.get(b.atWiseAgent(b.post(launch+"/wiseagent", nil).to(h.wiseURL), jane, allScopes...)).to(path)
			b.ready(launch).says("Add 1 contact to Mojo")
		})
	}
	t.Run("team", func(t *testing.T) {
		h := newHouse(t, nil)
		b := h.browser()
		launch := b.launch(1)
		b.get(b.atWiseAgent(b.post(launch+"/mojo", dana()).to(h.wiseURL), jane, "profile", "contacts")).to(launch)
		b.ready(launch).says("You didn't allow Team in Wise Agent. All works, but entries won't name the team member.", "Allow it").code()
	})
}

// What Wise Agent reports beside a denial is neither a denial nor a matter of time.
func TestConsentThatFails(t *testing.T) {
	for _, code := range []string{"server_error", "temporarily_unavailable", "invalid_scope", "<script>"} {
		h := newHouse(t, nil)
		b := h.browser()
		launch := b.launch(1)
		consent, err := url.Parse(b.post(launch+"/wiseagent", nil).to(h.wiseURL))
		if err != nil {
			t.Fatal(err)
		}
		query := url.Values{"state": {consent.Query().Get("state")}, "error": {code}, "error_description": {"Who reads this?"}}
		page := b.refuses(b.get(bridge.CallbackPath+"?"+query.Encode()), 502, "Wise Agent couldn't finish this", "Nothing was connected", "Continue with Wise Agent")
		if strings.Contains(page.text(), "Who reads this?") {
			t.Error("the page says what the address says")
		}
		h.notConnected(jane)
		b.get(b.atWiseAgent(b.post(launch+"/wiseagent", nil).to(h.wiseURL), jane, allScopes...)).to(launch)
	}
}

// notConnected fails the test when the Wise Agent account has a connection, or the stand-in a token that works.
func (h *house) notConnected(email string) {
	h.t.Helper()
	if _, err := h.store.ConnectionByEmail(h.t.Context(), email); !errors.Is(err, store.ErrNotFound) {
		h.t.Errorf("connection of %s: got %v, want none", email, err)
	}
	if access, refresh := h.wise.LiveTokens(email); access+refresh != 0 {
		h.t.Errorf("Wise Agent tokens of %s: got %d and %d alive, want none", email, access, refresh)
	}
}

func TestBadGroupNames(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser()
	launch := b.connect(1)
	b.ready(launch)
	cases := []struct {
		name, typed string
		says        []string
	}{
		{"empty", "", []string{"A new group needs a name.", "Type a name"}},
		{"blanks", " \t\u00a0 ", []string{"A new group needs a name.", "Type a name"}},
		{"control characters", "\x00\x07\r\n", []string{"A new group needs a name.", "Type a name"}},
		{"300 characters", strings.Repeat("é", 300), []string{"at most 100 characters", "Choose a shorter name"}},
		{"101 characters", strings.Repeat("x", 101), []string{"at most 100 characters", "Choose a shorter name"}},
		{"taken", "Hot Lead", []string{"Mojo already has a group with this name.", "pick another name"}},
		{"taken in another case", "  HOT lead ", []string{"Mojo already has a group with this name.", "pick another name"}},
	}
	for _, c := range cases {
		b.refuses(b.post(launch+"/groups", url.Values{"name": {c.typed}}), 422, append(c.says, "Add 1 contact to Mojo")...)
		b.post(launch+"/groups", url.Values{"name": {c.typed}}, "HX-Request", "true").want(422).says(c.says...)
	}
	if got := len(h.mojo.Groups("8812")); got != 2 {
		t.Errorf("groups in Mojo: got %d, want the two of before", got)
	}
	for _, name := range []string{strings.Repeat("ü", 100), "<b>Bold</b> & \"quoted\"", "\x00A\xffB\u202e", "../../etc"} {
		b.post(launch+"/groups", url.Values{"name": {name}}).to(launch + "?group=")
		b.get(launch).want(200)
	}
}

// A group that was deleted in Mojo after the page was shown: nothing is sent, whether the list is old or new.
func TestGroupDeletedMeanwhile(t *testing.T) {
	for name, stale := range map[string]bool{"found at the press": false, "found by the push": true} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, nil)
			h.work()
			b := h.browser()
			launch := b.connect(3)
			key := b.ready(launch).value("push")
			h.mojo.DeleteGroup("8812", h.hot)
			if !stale {
				h.clock.advance(time.Minute)
			}
			press := b.post(launch+"/push", url.Values{"push": {key}, "group": {strconv.FormatInt(h.hot, 10)}})
			if !stale {
				b.refuses(press, 409, "The group is gone", "Nothing was sent", "Choose another group", "Go back")
			} else {
				push := strings.TrimSuffix(press.to("/push/"), "?landing=1")
				page := b.ended(push, store.PushStopped).says(`The group "Hot Lead" is no longer in Mojo.`, "Choose another group")
				page.code()
				if text := page.text(); strings.Contains(text, "Retry") || strings.Contains(text, "may have reached Mojo") {
					t.Errorf("the page offers a Retry that can't work, or leaves in doubt what isn't:\n%s", text)
				}
				b.refuses(b.post(push+"/retry", nil), 409, "The group is gone")
			}
			if got := h.mojo.Contacts("8812", 0); len(got) != 0 {
				t.Errorf("in Mojo: got %d contacts, want none", len(got))
			}
			page := b.get(launch + "?fresh=1").want(200)
			if strings.Contains(page.text(), "Hot Lead") {
				t.Error("the list still has the group")
			}
			fsbo := strconv.FormatInt(h.mojo.Groups("8812")[0].ID, 10)
			push := b.post(launch+"/push", url.Values{"push": {page.value("push")}, "group": {fsbo}}).to("/push/")
			b.ended(strings.TrimSuffix(push, "?landing=1"), store.PushDone).says("3 added") // nothing is lost
		})
	}
}
