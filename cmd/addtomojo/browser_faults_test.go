package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"addtomojo/cmd/addtomojo/internal/chrome"
	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
	wisebox "addtomojo/sandbox/wiseagent"
	"addtomojo/store"
)

// supportLook is how docs/support.md shows the console.
var supportLook = chrome.Look{Width: 1280, Height: 860, Scale: 1}

// trouble is something that goes wrong, and what support's screen of the account then says.
type trouble struct {
	name       string // of its picture in docs, support-NAME.png
	state      string
	what, next string
	set        staging // before the service starts
	seed       func(*scene)
}

// The faults that support is asked about most: for each, one screen names the cause and the next step in plain words.
var troubles = []trouble{
	{"revoked", "Needs sign-in", "Wise Agent ended our access.", "signs in to Wise Agent again", nil, func(s *scene) {
		s.Wise.RevokeTokens(sampleEmail)
		s.call()
	}},
	{"scope", "Connected, limited", "didn't allow Team in Wise Agent", "allows Team", nil, func(s *scene) {}},
	{"down", "Connected", "Wise Agent isn't answering as it should. We keep trying; nothing is lost.", "Nothing to do", nil, func(s *scene) {
		s.WiseFaults.Add(fault.Rule{Endpoint: fault.Any, Kind: fault.ServerError, Status: http.StatusServiceUnavailable})
		s.call()
	}},
	{"poisoned", "Connected", "1 delivery needs a person: Mojo sent something that we couldn't read.", "engineering", nil, func(s *scene) {
		s.Mojo.Tell(ruiz, "call.completed", map[string]any{"account_id": ruiz, "contact": map[string]any{"contact_id": s.adaInMojo(), "full_name": "Ada Quist"}})
	}},
	{"contact", "Connected", "1 delivery needs a person: The contact is no longer in Wise Agent.", "restore it in Wise Agent instead", nil, func(s *scene) {
		for _, c := range s.Wise.Contacts(sampleEmail) {
			s.Wise.DeleteContact(sampleEmail, fmt.Sprint(c.ID))
		}
		s.call()
	}},
	{"group", "Connected", `A push to the group "Hot Lead" stopped.`, "chooses another group", nil, func(s *scene) {
		comeBack := s.downAfter(0) // the group is gone before anybody is in it
		list := s.openList()
		popup := s.addToMojo(list, s.ids(4)[3:]...)
		s.choose(popup, "Hot Lead")
		s.press(popup)
		s.Mojo.DeleteGroup(ruiz, s.hot)
		comeBack()
	}},
	{"secret", "Connected", "come with a signature that fits none of our secrets", "MOJO_WEBHOOK_SECRETS", nil, func(s *scene) {
		s.Mojo.SetHookSecrets("whsec_" + sessionKey())
		s.call()
	}},
	{"disk", "Connected", "Our disk is full", "make room", smallDisk, (*scene).fillDisk},
	{"clock", "Connected", "Mojo's clock and ours differ: its hooks are signed for a time 7 minutes behind ours", "NTP", nil, func(s *scene) {
		s.lateHook(7 * time.Minute)
	}},
	{"demoted", "Needs sign-in", "a dialing rep by now", "signs in to Mojo again", nil, func(s *scene) {
		s.Mojo.SetPermission(ruiz, "31", "dialing_rep")
		s.Mojo.ExpireTokens(ruiz)
		s.addToMojo(s.openList(), s.ids(1)...) // whose page asks Mojo for groups
	}},
}

func TestTenFaultsOnOneScreen(t *testing.T) {
	for _, fault := range troubles {
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			var set []staging
			if fault.set != nil {
				set = append(set, fault.set)
			}
			s := newScene(t, &chromium, set...)
			support := s.user.Open(s.staffLink(sampleOperator, ""))
			support.Look(supportLook)
			support.Click("#sign-in")
			support.Wait("h1", "Find an account")
			s.connectedAs(fault.name)
			account := s.Settings.BaseURL + "/support/accounts/" + s.connection().ID
			fault.seed(s)
			s.arrivesAt(support, account, ".finding", fault.what)
			support.Wait(".account-head .tag", fault.state)
			support.Wait(".finding", fault.next)
			if fault.name == "down" || fault.name == "demoted" { // a calm one and a grave one: the others look the same
				s.inspectConsole(support, "fault-"+fault.name)
			}
			s.documented(support, "support-"+fault.name+".png")
		})
	}
}

// connectedAs pushes Ada, so that calls have somebody to be about. The customer who denies Team does so here.
func (s *scene) connectedAs(name string) {
	s.t.Helper()
	ada := s.Wise.AddContact(sampleEmail, wisebox.Contact{First: "Ada", Last: "Quist", MobilePhone: "(520) 555-0143"})
	popup := s.addToMojo(s.contacts(), ada)
	s.signInToMojo(popup)
	popup.Wait("h1", connecting)
	if name == "scope" {
		popup.Click(`input[value="team"]`)
	}
	popup.Click("button", "Allow")
	popup.Wait("h2", "1 will be added")
	s.choose(popup, "FSBO")
	s.landed(s.press(popup), s.group("FSBO").ID)
	popup.Wait("h1", "1 added")
}

// adaInMojo is Ada's id in Mojo.
func (s *scene) adaInMojo() int64 {
	s.t.Helper()
	for _, c := range s.Mojo.Contacts(ruiz, s.group("FSBO").ID) {
		if c.FullName == "Ada Quist" {
			return c.ContactID
		}
	}
	s.t.Fatal("Ada isn't in Mojo")
	return 0
}

// call calls Ada.
func (s *scene) call() {
	s.t.Helper()
	s.Mojo.Call(ruiz, s.adaInMojo(), mojobox.Call{Result: "contact", Phone: "5205550143"})
}

func (s *scene) connection() store.Connection {
	s.t.Helper()
	db, err := openStore(s.t.Context(), s.Settings)
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	conn, err := db.ConnectionByEmail(s.t.Context(), sampleEmail)
	if err != nil {
		s.t.Fatal(err)
	}
	return conn
}

// arrivesAt opens an address until it says the words.
func (s *scene) arrivesAt(tab *chrome.Tab, address, css, words string) {
	s.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		if tab.Go(address); tab.Has(css, words) {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	s.t.Fatalf("%q never shows: %s", words, tab.Text("main"))
}

// smallDisk gives the database room for what the service needs and little more.
func smallDisk(o *sandboxOptions, box *sandbox) {
	if box == nil {
		o.Database = "sqlite:" + o.Database + "?_pragma=max_page_count(600)"
	}
}

// fillDisk opens the popup with many contacts until nothing more fits.
func (s *scene) fillDisk() {
	s.t.Helper()
	ids := make([]string, 5000)
	for i := range ids {
		ids[i] = fmt.Sprint(100000 + i)
	}
	for range 600 {
		answer, err := http.PostForm(s.Settings.BaseURL+"/launch", s.signedLaunch(ids))
		if err != nil {
			s.t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode == http.StatusServiceUnavailable {
			return
		}
	}
	s.t.Fatal("the disk is never full")
}

func (s *scene) signedLaunch(ids []string) url.Values { return s.Wise.Launch(sampleEmail, ids) }

// lateHook sends a hook as Mojo would whose clock is that much behind ours.
func (s *scene) lateHook(behind time.Duration) {
	s.t.Helper()
	secret, err := standardwebhooks.NewWebhook(s.Settings.MojoWebhookSecrets[0].reveal())
	if err != nil {
		s.t.Fatal(err)
	}
	at := time.Now().Add(-behind)
	body := `{"type": "call.completed", "data": {"account_id": "` + ruiz + `"}}`
	signature, err := secret.Sign("late", at, []byte(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.Settings.BaseURL+"/hooks/mojo", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set(standardwebhooks.HeaderWebhookID, "late")
	r.Header.Set(standardwebhooks.HeaderWebhookTimestamp, fmt.Sprint(at.Unix()))
	r.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusUnauthorized {
		s.t.Fatalf("a hook that is %s late: got %d, want 401", behind, answer.StatusCode)
	}
}

// documented checks the picture in docs/support.md, and takes it anew with SCREENSHOTS set, see TestScreenshots.
func (s *scene) documented(tab *chrome.Tab, name string) {
	s.t.Helper()
	dir := picturesDir()
	if os.Getenv("SCREENSHOTS") != "" {
		tab.Look(supportLook)
		save(s.t, filepath.Join(dir, name), tab)
	}
	text, err := os.ReadFile(filepath.Join(dir, "support.md"))
	if err != nil {
		s.t.Fatal(err)
	}
	if !strings.Contains(string(text), "]("+name+")") {
		s.t.Errorf("docs/support.md doesn't show %s", name)
	}
	if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
		s.t.Errorf("docs/support.md shows a picture that isn't there: %v; make screenshots takes it", err)
	}
}
