package views

import (
	"slices"
	"strings"
	"testing"

	"github.com/a-h/templ"
)

// stateNamed is a page of states by its name.
func stateNamed(t *testing.T, name string) templ.Component {
	t.Helper()
	for _, s := range states() {
		if s.name == name {
			return s.page
		}
	}
	t.Fatalf("state %s: got none with that name", name)
	return nil
}

func TestProblemSaysWhatAndWhatNext(t *testing.T) {
	n := render(t, stateNamed(t, "problem-scope"))
	if got, want := n.texts("main p"), []string{"You didn't allow Contacts, so nothing can be sent.", "Wise Agent asks again."}; !slices.Equal(got, want) {
		t.Errorf("page: got %q, want %q", got, want)
	}
	if got, want := n.texts("main .button"), []string{"Allow again", "Not now"}; !slices.Equal(got, want) {
		t.Errorf("ways on: got %q, want %q", got, want)
	}
	form := n.one(t, "main form")
	if form.attr("action") != "/consent" || len(form.all("[type=hidden][name=tz]")) != 1 {
		t.Errorf("main way on: got a form to %q, want /consent with its field", form.attr("action"))
	}
	if got := n.one(t, "main a.quiet").text(); got != "Not now" {
		t.Errorf("second way on: got %q, want Not now as a quiet link", got)
	}
}

func TestProblemDetailsAreText(t *testing.T) {
	n := render(t, stateNamed(t, "problem-ids"))
	if got, want := n.texts(".facts li"), []string{"26x55", hostile[0]}; !slices.Equal(got, want) {
		t.Errorf("details: got %q, want %q", got, want)
	}
}

func TestEarlierPushes(t *testing.T) {
	n := render(t, stateNamed(t, "pushes"))
	if got, want := n.texts(".history .tag"), []string{"on its way", "41 added, 3 need you", "undone"}; !slices.Equal(got, want) {
		t.Errorf("states: got %q, want %q", got, want)
	}
	if got := n.all(".history a")[1].attr("href"); got != "/push/2" {
		t.Errorf("link: got %q, want the push's page", got)
	}
	empty := render(t, stateNamed(t, "pushes-empty"))
	if got := empty.one(t, "main").text(); !strings.Contains(got, "Nothing has been sent yet.") {
		t.Errorf("empty list: got %q", got)
	}
}

func TestResetSaysWhatHappens(t *testing.T) {
	n := render(t, stateNamed(t, "reset"))
	page := n.one(t, "main").text()
	for _, want := range []string{
		"2 waiting calls are delivered to Wise Agent first, for up to 10 seconds.",
		"revoked on both sides",
		"Groups and contacts stay in Mojo. Notes stay in Wise Agent.",
		"The Mojo account is free",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("page: got %q, want it to say %q", page, want)
		}
	}
	if got := n.one(t, "main form button").text(); got != "Reset Credentials" {
		t.Errorf("button: got %q, want Reset Credentials", got)
	}
	if got := n.one(t, "main .actions a").attr("href"); got != "/groups" {
		t.Errorf("way back: got %q, want /groups", got)
	}
}

func TestResetDoneCountsWhatWasNotWritten(t *testing.T) {
	n := render(t, stateNamed(t, "reset-done"))
	if got, want := n.one(t, ".note").text(), "1 waiting call was not written in time, and will not be."; got != want {
		t.Errorf("note: got %q, want %q", got, want)
	}
}

func TestResetDoneCountsWhatWasWritten(t *testing.T) {
	n := render(t, stateNamed(t, "reset-done-some"))
	want := "12 waiting calls were written to Wise Agent first. 1 waiting call was not written in time, and will not be."
	if got := n.one(t, ".note").text(); got != want {
		t.Errorf("note: got %q, want %q", got, want)
	}
	page := render(t, stateNamed(t, "reset-done-all")).one(t, "main").text()
	if want := "1 waiting call was written to Wise Agent first. None are left."; !strings.Contains(page, want) {
		t.Errorf("page: got %q, want it to say %q", page, want)
	}
}

func TestSwitchNamesBothAccountsAndWhatHappens(t *testing.T) {
	n := render(t, stateNamed(t, "switch"))
	page := n.one(t, "main").text()
	for _, want := range []string{
		"jane@example.com", "Harbor Realty (jane.ortiz)", "Desert Sun Homes (fran)", "2 waiting calls are delivered to Wise Agent first, for up to 10 seconds",
		"40 contacts are still on the way", "groups and contacts stay in Mojo", "starts afresh", "Switch to Desert Sun Homes", "Keep Harbor Realty",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("page: got %q, want it to say %q", page, want)
		}
	}
	for _, action := range []string{"/switch", "/keep"} {
		if got := n.one(t, "main form[action="+action+"]").attr("method"); got != "post" {
			t.Errorf("form to %s: got method %q, want post", action, got)
		}
	}
}

func TestOtherPersonNamesBoth(t *testing.T) {
	page := render(t, stateNamed(t, "other-person")).one(t, "main").text()
	for _, want := range []string{"signed in as jane@example.com", "as j***@example.org", "Go on as j***@example.org", "Sign in to Wise Agent as jane@example.com", "Nothing has changed"} {
		if !strings.Contains(page, want) {
			t.Errorf("page: got %q, want it to say %q", page, want)
		}
	}
}

func TestNumbersHaveCommas(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 5000: "5,000", 1234567: "1,234,567", -1234: "-1,234", -123: "-123"} {
		if got := number(n); got != want {
			t.Errorf("number(%d): got %q, want %q", n, got, want)
		}
	}
}
