package chrome

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// serve is a page with a strict policy and this body.
func serve(t *testing.T, body string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'nonce-good'")
		fmt.Fprintf(w, `<!DOCTYPE html><html lang="en"><title>Page</title><main><h1>Page</h1>%s</main>`, body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// A test that hears nothing and finds nothing is only worth something when there is something to hear and to find.
func TestComplaintsAndFindingsArrive(t *testing.T) {
	var browser Browser
	defer browser.Close()
	axe, err := os.ReadFile("../../testdata/axe/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, body, complaint, finding string }{
		{"handler in the page", `<img src="x" alt="" onerror="window.ran=1">`, "Content Security Policy", ""},
		{"script in the page", `<script>window.ran=1</script>`, "Content Security Policy", ""},
		{"script error", `<script nonce="good">nothing.here()</script>`, "nothing is not defined", ""},
		{"console error", `<script nonce="good">console.error("went wrong")</script>`, "went wrong", ""},
		{"field without a label", `<input name="a">`, "", "label"},
		{"button without a name", `<button></button>`, "", "button-name"},
		{"nothing wrong", `<p>Fine</p>`, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			user := browser.User(t, Narrow)
			page := user.Open(serve(t, c.body))
			page.Wait("h1", "Page")
			findings := strings.Join(page.Axe(string(axe)), "\n")
			heard := user.takeComplaints(c.complaint != "")
			if !strings.Contains(heard, c.complaint) || c.complaint == "" && heard != "" {
				t.Errorf("complaints: got %q, want %q", heard, c.complaint)
			}
			if !strings.Contains(findings, c.finding) || c.finding == "" && findings != "" {
				t.Errorf("findings: got %q, want %q", findings, c.finding)
			}
			if Value[bool](page, `"ran" in window`) {
				t.Error("the page's policy let a script run")
			}
		})
	}
}

// takeComplaints gives what was heard, waiting for it when something is expected, and forgets it.
func (u *User) takeComplaints(expected bool) string {
	var heard string
	within(Patience, func() bool {
		u.mu.Lock()
		defer u.mu.Unlock()
		heard += strings.Join(u.complaints, "\n")
		u.complaints = nil
		return heard != "" || !expected
	})
	return heard
}

func TestWhatAPopupDidBeforeItWasFollowedIsHeard(t *testing.T) {
	var browser Browser
	defer browser.Close()
	user := browser.User(t, Narrow)
	page := user.Open(serve(t, `<a href="/" target="_blank">Open</a><script>window.ran=1</script>`))
	page.Wait("a", "Open")
	user.takeComplaints(true)
	popup := page.Opens(func() { page.Click("a", "Open") })
	popup.Wait("h1", "Page")
	if heard := user.takeComplaints(true); !strings.Contains(heard, "Content Security Policy") {
		t.Errorf("complaints: got %q, want the policy's", heard)
	}
}

func TestWidePagesAreNoticed(t *testing.T) {
	var browser Browser
	defer browser.Close()
	user := browser.User(t, Narrow)
	page := user.Open(serve(t, `<pre>`+strings.Repeat("wide", 50)+`</pre>`))
	if got := page.Overflowing(); len(got) == 0 {
		t.Error("a page that scrolls sideways at 400 px is not noticed")
	}
}

// The library's own picture of a page's elements is kept from two goroutines while a popup is followed; under -race a
// popup that changes all the time would end the test that follows it.
func TestAPopupThatKeepsChangingCanBeFollowed(t *testing.T) {
	var browser Browser
	defer browser.Close()
	page := browser.User(t, Narrow).Open(serve(t, `<a href="/" target="_blank">Open</a><script nonce="good">
		let n = 0
		const change = () => {
			document.documentElement.title = document.body.title = n++
			setTimeout(change)
		}
		change()
	</script>`))
	for range 20 {
		popup := page.Opens(func() { page.Click("a", "Open") })
		popup.Wait("h1", "Page")
		popup.Close()
	}
}
