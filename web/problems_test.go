package web

import (
	"context"
	"errors"
	"fmt"
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
