package web

import (
	"encoding/hex"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
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
	if a.status == http.StatusSeeOther && a.location == problemPath {
		a = b.get(problemPath)
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
		{"nothing selected", h.signedForm(jane), 422, []string{"Nothing is selected", "Select contacts in Wise Agent"}},
		{"commas and blanks", h.signedForm(jane, "", " ", "\u00a0"), 422, []string{"Nothing is selected", "Select contacts in Wise Agent"}},
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
