package web

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"addtomojo/bridge"
	"addtomojo/mojo"
	"addtomojo/store"
)

// jargon is what no page says: blame, and words that only we know.
var jargon = regexp.MustCompile(`(?i)\b(invalid|illegal|error|exception|token|oauth|csrf|http|null|server|session|unauthorized|forbidden|sorry|please try again later)\b`)

func TestProblemsSpeakPlainly(t *testing.T) {
	all := []problem{tooLarge, unknown, unproven}
	for _, p := range problems {
		all = append(all, p.problem)
	}
	now := time.Now()
	for _, err := range []error{
		&bridge.TooManyError{Got: 5001, Most: 5000}, &bridge.BadIDError{IDs: []string{"x"}}, &bridge.WaitError{Until: now.Add(time.Minute)},
		&bridge.DialingRepError{Permission: "dialing_rep"}, &bridge.TakenError{Masked: "j***@kw.com"}, &bridge.ScopeError{Missing: []string{"contacts"}},
		&paceError{Wait: time.Second}, &bridge.OtherPersonError{Launched: "j***@example.com", SignedIn: "b***@example.com"}, &bridge.DownError{Partner: bridge.MojoName, Err: errors.New("x")},
		&mojo.RefusedError{Op: "create group", Status: 400, Text: "Pick another name."}, &http.MaxBytesError{Limit: 1},
	} {
		p, known := describe(fmt.Errorf("somewhere: %w", err), now)
		if !known {
			t.Errorf("%T: not in the table", err)
		}
		all = append(all, p)
	}
	for _, p := range all {
		text := p.Title + " " + p.What + " " + p.Next
		if p.Status < 400 || p.Title == "" || p.What == "" || p.Next == "" {
			t.Errorf("%+v: want status, title, what happened and what to do next", p)
		}
		if word := jargon.FindString(text); word != "" {
			t.Errorf("%q says %q", text, word)
		}
	}
}

func TestDescribe(t *testing.T) {
	now := time.Now()
	cases := []struct {
		err   error
		known bool
		code  int
		says  string
	}{
		{&bridge.TooManyError{Got: 5001, Most: 5000}, true, 422, "You selected 5,001 contacts. At most 5,000 go at once."},
		{&bridge.TakenError{Masked: "j***@kw.com"}, true, 409, "j***@kw.com"},
		{&bridge.ScopeError{Missing: []string{"profile", "contacts"}}, true, 403, "You didn't allow Profile and Contacts."},
		{&bridge.DownError{Partner: bridge.WiseAgent, Err: mojo.ErrBusy}, true, 503, "Wise Agent isn't answering"},
		{fmt.Errorf("a: %w", bridge.ErrGroupGone), true, 409, "no longer in Mojo"},
		{fmt.Errorf("create launch: %w", store.ErrFull), true, 503, "Our disk is full"},
		{errors.New("nobody thought of this"), false, 500, "on our side"},
		{context.DeadlineExceeded, false, 500, "on our side"},
	}
	for _, c := range cases {
		p, known := describe(c.err, now)
		if known != c.known || p.Status != c.code || !strings.Contains(p.Title+" "+p.What, c.says) {
			t.Errorf("%v: got %v, %d %q %q, want %v, %d, %q", c.err, known, p.Status, p.Title, p.What, c.known, c.code, c.says)
		}
	}
	wait, _ := describe(&bridge.WaitError{Until: now.Add(90 * time.Second)}, now)
	over, _ := describe(&bridge.WaitError{Until: now.Add(-time.Second)}, now)
	if wait.Wait != 90*time.Second || over.Wait != time.Second {
		t.Errorf("wait: got %v and %v, want 1m30s and at least a second", wait.Wait, over.Wait)
	}
}

func TestSupportCodes(t *testing.T) {
	shape := regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$`)
	seen := map[string]bool{}
	for range 100 {
		code := newCode()
		if !shape.MatchString(code) || seen[code] {
			t.Fatalf("code: got %q, want a new one like K7M4-Q2XD", code)
		}
		seen[code] = true
	}
}

// A launch's support code is on its pages and on its problems.
func TestCodeOfTheLaunchOnItsProblems(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser()
	launch := b.launch(1)
	code := regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}`).FindString(b.get(launch).text())
	b.get(b.atWiseAgent(b.post(launch+"/wiseagent", nil).to(h.wiseURL), jane)).to("/problem")
	b.get("/problem").want(403).says(code)
	consent := b.post(launch+"/wiseagent", nil).to(h.wiseURL)
	h.clock.advance(11 * time.Minute)
	b.get(b.atWiseAgent(consent, jane, allScopes...)).to("/problem")
	b.get("/problem").says(code)
}

func TestCutAndComma(t *testing.T) {
	if got := cut([]string{"héllo", "hi"}, 4); got[0] != "héll…" || got[1] != "hi" {
		t.Errorf("cut: got %v", got)
	}
	for n, want := range map[int]string{0: "0", 999: "999", 5001: "5,001", 1234567: "1,234,567"} {
		if got := comma(n); got != want {
			t.Errorf("comma(%d): got %q, want %q", n, got, want)
		}
	}
}

// Who selected nobody is connected all the same: the pages of the account are one press away.
func TestRefusedLaunchLeadsToTheAccount(t *testing.T) {
	h := newHouse(t, func(s *Server) { s.LaunchSecret = launchSecret })
	b := h.browser()
	launch := b.post("/launch", h.signedForm(jane, h.contacts[0])).to("/add/")
	b.get(b.atWiseAgent(b.post(launch+"/mojo", dana()).to(h.wiseURL), jane, allScopes...)).to(launch)
	b.ready(launch)
	h.still()
	links := func(a *answer) (found []string) {
		for _, path := range []string{activityPath, pushesPath, resetPath} {
			if len(a.all("a", "href", path)) == 1 {
				found = append(found, path)
			}
		}
		return found
	}
	for _, bad := range [][]string{nil, {"", " ", "\u00a0"}} {
		for _, who := range []*browser{b, h.browser()} { // signed in before, and by this launch
			form := h.signedForm(jane, bad...)
			asked := h.asked()
			page := who.post("/launch", form).want(422).says("Nothing is selected", "Select contacts in Wise Agent", jane, "Ruiz")
			if got := links(page); len(got) != 3 {
				t.Errorf("%q: links to %q, want activity, pushes and reset", bad, got)
			}
			if after := h.asked(); !maps.Equal(asked, after) {
				t.Errorf("%q: asked of the partners: got %v, want nothing new to %v", bad, after, asked)
			}
			who.get(activityPath).want(200)
			thief := h.browser()
			again := thief.post("/launch", form).want(422)
			if strings.Contains(again.body, jane) || len(links(again)) > 0 || thief.cookie() != "" {
				t.Errorf("%q: the same link once more signs anybody in\n%s", bad, again.text())
			}
		}
	}
	for _, bad := range [][]string{{"<b>"}, manyIDs(5001)} { // what is refused for its contacts signs nobody in
		if got := links(b.post("/launch", h.signedForm(jane, bad...)).want(422).says(jane)); len(got) != 3 {
			t.Errorf("%.20q: links to %q, want activity, pushes and reset", bad, got)
		}
		if page := h.browser().post("/launch", h.signedForm(jane, bad...)).want(422); len(links(page)) > 0 {
			t.Errorf("%.20q: shows the account without a session\n%s", bad, page.text())
		}
	}
	clean := h.browser()
	clean.get("/launch?" + h.signedForm(jane).Encode()).to(problemPath)
	if got := links(clean.get(problemPath).want(422).says("Nothing is selected", jane)); len(got) != 3 {
		t.Errorf("under the clean address: links to %q, want activity, pushes and reset", got)
	}
	broken := h.signedForm(jane)
	broken.Set("signature", strings.Repeat("ab", 32))
	stranger := h.browser()
	if page := stranger.post("/launch", broken).want(403); strings.Contains(page.body, jane) || len(links(page)) > 0 {
		t.Errorf("an unproven launch shows the account\n%s", page.text())
	}
	stranger.get(activityPath).want(401)
	b.post("/launch", h.signedForm(joe)).want(422) // somebody else: jane's session is replaced
	if page := b.get(activityPath).want(409); strings.Contains(page.body, jane) {
		t.Errorf("joe sees jane's account\n%s", page.text())
	}
}

// After a reset the way to connect is on every page that needs a connection.
func TestNotConnectedLeadsToConnecting(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser()
	launch := b.connect(1)
	b.post(resetPath, nil).want(200)
	for _, path := range []string{activityPath, pushesPath, resetPath} {
		page := b.get(path).want(409).says("Nothing is connected yet", "go on with the contacts you selected last")
		if found := page.all("a", "href", launch); len(found) != 1 {
			t.Errorf("%s: %d links to the launch, want the one that connects\n%s", path, len(found), page.body)
		}
	}
	b.get(launch).want(200).says("Mojo PIN")

	signed := newHouse(t, func(s *Server) { s.LaunchSecret = launchSecret })
	fresh := signed.browser()
	fresh.post("/launch", signed.signedForm(jane)).want(422) // signed in, and nothing was ever selected
	page := fresh.get(activityPath).want(409).says("choose Add to Mojo again")
	if strings.Contains(page.body, ">Connect<") {
		t.Errorf("a way to connect without a launch\n%s", page.body)
	}
}
