package main

import (
	"bytes"
	"context"
	_ "embed"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"addtomojo/cmd/addtomojo/internal/chrome"
	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
)

// chromium is the one browser of this test binary, plain the one for the run without JavaScript.
var (
	chromium chrome.Browser
	plain    = chrome.Browser{NoScript: true}
)

func TestMain(m *testing.M) {
	code := m.Run()
	chromium.Close()
	plain.Close()
	os.Exit(code)
}

//go:embed testdata/axe/axe.min.js
var axe string

// The account that scenes connect, and how many contacts Kate has unless a scene says otherwise.
const (
	ruiz       = "8812"
	fewPeople  = 12
	connecting = "Allow Add to Mojo" // heading of Wise Agent's consent page
)

// scene is the whole program with both stand-ins, and somebody in front of it.
type scene struct {
	*sandbox
	t    *testing.T
	user *chrome.User
	log  *safeBuffer
	hot  int64 // the group Hot Lead

	before int // how many contacts were in it from the start
}

// staging changes a sandbox before it runs.
type staging func(*sandboxOptions, *sandbox)

// newScene runs a sandbox on free ports until the test ends.
func newScene(t *testing.T, browser *chrome.Browser, set ...staging) *scene {
	t.Helper()
	o := sandboxOptions{
		Listen: "127.0.0.1:0", WiseAgent: "127.0.0.1:0", Mojo: "127.0.0.1:0",
		Database: filepath.Join(t.TempDir(), "scene.db"), People: fewPeople,
	}
	for _, change := range set {
		change(&o, nil)
	}
	s := &scene{t: t, log: &safeBuffer{}}
	var err error
	if s.sandbox, err = newSandbox(o, s.log); err != nil {
		t.Fatal(err)
	}
	for _, change := range set {
		change(&o, s.sandbox)
	}
	s.hot = s.group("Hot Lead").ID
	s.before = len(s.Mojo.Contacts(ruiz, s.hot))
	s.play()
	s.user = browser.User(t, chrome.Popup)
	return s
}

// play runs the sandbox and waits for its end when the test is over.
func (s *scene) play() {
	ctx, stop := context.WithCancel(context.WithoutCancel(s.t.Context())) // it outlives the pages that look at it
	ended := make(chan error, 1)
	go func() { ended <- s.sandbox.run(ctx) }()
	s.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			s.t.Errorf("the sandbox ended with: %v", err)
		}
		if s.t.Failed() {
			s.t.Logf("log of the service:\n%s", s.log.String())
		}
	})
}

func (s *scene) group(name string) mojobox.Group {
	s.t.Helper()
	for _, g := range s.Mojo.Groups(ruiz) {
		if g.Name == name {
			return g
		}
	}
	s.t.Fatalf("Mojo has no group %q", name)
	return mojobox.Group{}
}

// contacts opens Wise Agent's contact list as Kate.
func (s *scene) contacts() *chrome.Tab {
	s.t.Helper()
	list := s.user.Open(s.WiseURL + "/contacts?size=1000")
	list.Look(chrome.Desk)
	list.Click("main button", "Sign in")
	list.Wait("h1", "Contacts")
	return list
}

// openList opens Wise Agent's list of contacts and vendors once more, for somebody who is signed in there.
func (s *scene) openList() *chrome.Tab {
	s.t.Helper()
	list := s.user.Open(s.WiseURL + "/contacts?kind=all&size=1000")
	list.Look(chrome.Desk)
	return list
}

// ids are the ClientIDs of Kate's first contacts.
func (s *scene) ids(n int) []string {
	s.t.Helper()
	ids := make([]string, n)
	for i, c := range s.Wise.Contacts(sampleEmail)[:n] {
		ids[i] = strconv.Itoa(c.ID)
	}
	return ids
}

// addToMojo ticks contacts in the list, presses Actions → Add to Mojo and gives the popup.
func (s *scene) addToMojo(list *chrome.Tab, ids ...string) *chrome.Tab {
	s.t.Helper()
	for _, id := range ids {
		list.Click(`input[name=id][value="` + id + `"]`)
	}
	list.Click("summary", "Actions")
	return list.Opens(func() { list.Click("#add-to-mojo") })
}

// signInToMojo fills in the Mojo authentication page as Dana, the owner of the Ruiz account.
func (s *scene) signInToMojo(popup *chrome.Tab) {
	s.t.Helper()
	signInAs(popup, samplePIN, sampleLogin, samplePassword)
}

func signInAs(popup *chrome.Tab, pin, login, password string) {
	popup.Type(pin, "#pin")
	popup.Type(login, "#login")
	popup.Type(password, "#password")
	popup.Click("button", "Connect")
}

// connect goes from the first page to the group page.
func (s *scene) connect(popup *chrome.Tab) {
	s.t.Helper()
	s.signInToMojo(popup)
	popup.Wait("h1", connecting)
	popup.Click("button", "Allow")
	popup.Wait("h2", "Group")
}

// connected is a popup on its group page, with the contacts fetched.
func (s *scene) connected(n int) (list, popup *chrome.Tab) {
	s.t.Helper()
	list = s.contacts()
	popup = s.addToMojo(list, s.ids(n)...)
	s.connect(popup)
	popup.Wait("h2", "will be added")
	return list, popup
}

// choose picks a group by its name.
func (s *scene) choose(popup *chrome.Tab, name string) {
	s.t.Helper()
	popup.Click("label.choice", name)
	popup.Wait("[data-into]", "To “"+name+"”")
}

// press presses the button and gives the new tab, which goes on to Mojo by itself.
func (s *scene) press(popup *chrome.Tab) *chrome.Tab {
	s.t.Helper()
	return popup.Opens(func() { popup.Click("#add button") })
}

// landed waits until the tab is in the powerdialer, with the group preselected.
func (s *scene) landed(tab *chrome.Tab, group int64) {
	s.t.Helper()
	tab.WaitAt(s.MojoURL + "/my-data/?group_id=" + strconv.FormatInt(group, 10))
	tab.Wait(`h1[data-group-id="` + strconv.FormatInt(group, 10) + `"]`)
}

// downAfter lets Mojo fail after so many bulk creates, until the test calls comeBack: a push then stands still for as long
// as somebody wants to look at it.
func (s *scene) downAfter(batches int) (comeBack func()) {
	rule := s.MojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.ServerError, Status: 503, After: batches})
	return func() { s.MojoFaults.Remove(rule) }
}

// safeBuffer collects a log that several goroutines write.
type safeBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

var _ io.Writer = (*safeBuffer)(nil)

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.TrimSpace(b.text.String())
}
