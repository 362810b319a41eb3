package views

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
)

// hostile is what a contact or a group may be called.
var hostile = []string{
	`<img src=x onerror=alert(1)>`,
	`</script><script>alert(1)</script>`,
	`" onmouseover="alert(1)`,
	strings.Repeat("Bartholomew", 11),
	"דוד בן־גוריון",
	"José O'Brien-van der Berg & Söhne",
	" ",
}

var someAssets = Assets{CSS: "app.css", HTMX: "vendor/htmx.min.js", SSE: "vendor/sse.min.js", JS: "app.js", Icon: "icon.svg"}

func somePage(title string) Page { return Page{Title: title, Code: "K7M4-Q2XD", Assets: someAssets} }

func someAccount() Account {
	return Account{
		Email: "jane@example.com", MojoName: "Harbor Realty", MojoLogin: "jane.ortiz",
		GroupsURL: "/groups", ActivityURL: "/activity", PushesURL: "/pushes", ResetURL: "/reset", SignOutURL: "/signout",
	}
}

func someTime() time.Time {
	return time.Date(2026, 11, 24, 9, 14, 0, 0, time.FixedZone("MST", -7*3600))
}

func somePeople(n int, detail string) []Person {
	first := []string{"Ann", "Luis", "Grace", "Omar", "Beth", "Ivan"}
	last := []string{"Lee", "Ruiz", "Okafor", "Haddad", "van der Berg", "Petrov", "Nakamura"}
	list := make([]Person, n)
	for i := range list {
		list[i] = Person{Name: first[i%len(first)] + " " + last[i%len(last)], Detail: detail}
	}
	return list
}

func hostilePeople() []Person {
	var list []Person
	for _, name := range hostile {
		list = append(list, Person{Name: name, Detail: name})
	}
	return list
}

func someGroups() []Group {
	return []Group{
		{ID: 12, Name: "Hot Lead", Contacts: 41, Lead: true, LastUsed: true},
		{ID: 14, Name: "Spring sellers 2026", Contacts: 318},
		{ID: 15, Name: "Open house, Camino Real", Contacts: 7},
		{ID: 19, Name: "Past clients", Contacts: 1204},
	}
}

func manyGroups(n int) []Group {
	list := someGroups()
	for i := len(list); i < n; i++ {
		list = append(list, Group{ID: int64(100 + i), Name: fmt.Sprintf("Farm area %d", i), Contacts: i * 7 % 431})
	}
	return list
}

func readyPreflight() Preflight {
	return Preflight{
		Ready: true, Total: 49, Add: 44,
		Known:     somePeople(3, ""),
		NoPhone:   somePeople(2, ""),
		Shared:    somePeople(2, "520-555-0143"),
		DoNotCall: somePeople(1, "category Do Not Call"),
		Vendors:   []Person{{Name: "Desert Title Company"}},
		Missing:   []Person{{Name: "Contact 26855"}},
		Empty:     []Person{{Name: "Contact 26856"}, {Name: "Contact 26857"}},
		PushID:    "0199-push", AddURL: "/push", PushURL: "/push/0199-push", PollURL: "/preflight",
	}
}

func someChoose() Choose {
	return Choose{
		Page: somePage("Choose a group"), Account: someAccount(), Selected: 49,
		Groups:    Groups{List: someGroups(), Chosen: 12, FreshURL: "/groups?fresh=1", New: NewGroup{Action: "/groups"}},
		Preflight: readyPreflight(),
	}
}

func chooseWith(change func(*Choose)) templ.Component {
	c := someChoose()
	change(&c)
	return ChoosePage(c)
}

func someMojo() MojoForm { return MojoForm{Action: "/mojo"} }

func someWelcome() Welcome {
	return Welcome{Page: somePage("Connect"), Selected: 47, WiseURL: "/consent", Mojo: someMojo()}
}

func welcomeWith(change func(*Welcome)) templ.Component {
	w := someWelcome()
	change(&w)
	return WelcomePage(w)
}

func somePush(status PushStatus) Push {
	return Push{
		Page: somePage(""), Account: someAccount(),
		PartURL: "/push/1/events", ReloadURL: "/push/1", MojoURL: "/push/1/mojo", GroupsURL: "/groups", ResultsURL: "/push/1?show=failed",
		GroupName: "Hot Lead", Status: status, Total: 500,
	}
}

func pushWith(status PushStatus, change func(*Push)) templ.Component {
	p := somePush(status)
	if status == PushWaiting || status == PushSending || status == PushPaused {
		p.StopURL = "/push/1/stop"
	}
	change(&p)
	return PushPage(p)
}

func doneAll(p *Push) {
	p.Done, p.Added, p.Updated, p.Skipped = 500, 491, 6, 3
	p.UndoURL, p.UndoEnds = "/push/1/undo", someTime()
	p.Outcomes = Outcomes{
		Tabs: []Tab{{"Added", 491, "?show=added", true}, {"Updated", 6, "?show=updated", false}, {"Skipped", 3, "?show=skipped", false}},
		List: outcomesOf("added", "", 12), Page: 1, Pages: 5, NextURL: "?show=added&page=2",
	}
}

func stoppedByCustomer(p *Push) {
	p.Done, p.Total, p.Added, p.Updated, p.Failed, p.Unsent = 500, 2000, 496, 4, 1500, 1500
	p.ByCustomer, p.Cause, p.RetryURL = true, "You stopped this push.", "/push/1/retry"
	p.UndoURL, p.UndoEnds = "/push/1/undo", someTime()
	p.Outcomes = Outcomes{
		Tabs: []Tab{{"Not sent", 1500, "?show=failed", true}, {"Added", 496, "?show=added", false}, {"Updated", 4, "?show=updated", false}},
		List: outcomesOf("failed", "You stopped this push.", 6), Page: 1, Pages: 15, NextURL: "?show=failed&page=2",
	}
}

func wasReset(p *Push) {
	p.Account = Account{SignOutURL: "/signout"}
	p.Done, p.Total, p.Added, p.Updated, p.Skipped, p.Failed, p.Unsent = 1300, 4506, 1290, 4, 2, 3210, 3206
	p.Cause, p.Reset, p.Again = "The credentials were reset.", true, Action{Label: "Connect again", URL: "/groups"}
	p.Outcomes = Outcomes{
		Tabs: []Tab{{"Need you", 3210, "?show=failed", true}, {"Added", 1290, "?show=added", false}, {"Updated", 4, "?show=updated", false}, {"Skipped", 2, "?show=skipped", false}},
		List: outcomesOf("failed", "The credentials were reset.", 6), Page: 1, Pages: 33, NextURL: "?show=failed&page=2",
	}
}

func doneSome(p *Push) {
	doneAll(p)
	p.Added, p.Failed, p.RetryURL = 488, 3, "/push/1/retry"
	p.Outcomes = Outcomes{
		Tabs: []Tab{{"Need you", 3, "?show=failed", true}, {"Added", 488, "?show=added", false}, {"Updated", 6, "?show=updated", false}, {"Skipped", 3, "?show=skipped", false}},
		List: outcomesOf("failed", "Mojo refused the phone number 520555: it has too few digits. Correct it in Wise Agent, then press Retry.", 3), Page: 1, Pages: 1,
	}
}

func outcomesOf(result, reason string, n int) []Outcome {
	list := make([]Outcome, 0, n)
	for _, p := range somePeople(n, "") {
		list = append(list, Outcome{Name: p.Name, Result: result, Reason: reason})
	}
	return list
}

func problem(title, what, next string, list ...Action) templ.Component {
	return ProblemPage(Problem{Page: somePage(title), What: what, Next: next, Actions: list})
}

// state is a page in one of its states.
type state struct {
	name string
	page templ.Component
}

// states are all pages in all the states that look different.
func states() []state {
	return slices.Concat(welcomeStates(), problemStates(), chooseStates(), pushStates(), activityStates(), otherStates(), staffStates(), supportStates())
}

func welcomeStates() []state {
	return []state{
		{"welcome-unsigned", welcomeWith(func(w *Welcome) { w.AskWise, w.AskMojo = true, true })},
		{"welcome-signed", welcomeWith(func(w *Welcome) { w.Email, w.AskMojo = "jane@example.com", true })},
		{"welcome-wise-given", welcomeWith(func(w *Welcome) { w.Email, w.WiseGiven, w.AskMojo = "jane@example.com", true, true })},
		{"welcome-mojo-given", welcomeWith(func(w *Welcome) { w.MojoGiven, w.AskWise = "Harbor Realty (jane.ortiz)", true })},
		{"welcome-lost-wise", welcomeWith(func(w *Welcome) {
			w.Email, w.AskWise, w.Account = "jane@example.com", true, Account{ResetURL: "/reset", SignOutURL: "/signout"}
			w.Lost = &Lost{Side: "Wise Agent", Since: someTime(), Waiting: 12}
		})},
		{"welcome-lost-mojo", welcomeWith(func(w *Welcome) {
			w.Email, w.AskMojo = "jane@example.com", true
			w.Lost = &Lost{Side: "Mojo", Since: someTime(), Cause: "The password was changed."}
		})},
		{"welcome-refused", welcomeWith(func(w *Welcome) {
			w.Email, w.AskMojo, w.Mojo.Login = "jane@example.com", true, "jane.ortiz"
			w.Mojo.Error = "Mojo didn't accept that PIN, login or password. Check all three and try again."
		})},
		{"welcome-empty-fields", welcomeWith(func(w *Welcome) {
			w.AskWise, w.AskMojo, w.Mojo.Login = true, true, "jane.ortiz"
			w.Mojo.PINError, w.Mojo.PasswordError = "Enter your Mojo PIN.", "Enter your password."
		})},
		{"welcome-link", welcomeWith(func(w *Welcome) { // behind a reconnect link, nobody signed in
			w.Selected, w.Email, w.AskMojo = 0, "j***@example.com", true
			w.Lost = &Lost{Side: "Mojo", Since: someTime(), Cause: "The password was changed.", Waiting: 3}
		})},
		{"welcome-lost-both", welcomeWith(func(w *Welcome) {
			w.Email, w.AskWise = "jane@example.com", true
			w.Lost = &Lost{Side: "Wise Agent", Since: someTime(), Waiting: 12, Both: true}
		})},
		{"reconnected", ReconnectedPage(Reconnected{Page: somePage("Connected again"), Email: "j***@example.com", Again: true, Waiting: 12})},
		{"reconnected-signed-in", ReconnectedPage(Reconnected{Page: somePage("Connected again"), Account: someAccount(),
			Email: someAccount().Email, Again: true, Waiting: 1, Actions: []Action{{Label: "See the activity", URL: "/activity"}}})},
		{"reconnect-not-needed", ReconnectedPage(Reconnected{Page: somePage("No sign-in is needed"), Email: "j***@example.com"})},
		{"welcome-wait", welcomeWith(func(w *Welcome) { w.Email, w.AskMojo, w.Mojo.Wait = "jane@example.com", true, 4*time.Minute })},
	}
}

func problemStates() []state {
	return []state{
		{"problem-nothing", problem("Nothing is selected", "The window was opened without contacts.", "Select contacts in Wise Agent, then choose Add to Mojo.")},
		{"problem-ids", ProblemPage(Problem{Page: somePage("Some contacts can't be read"), What: "Wise Agent sent 2 ids that are neither contacts nor vendors.",
			Details: []string{"26x55", hostile[0]}, Next: "Select the contacts again, then choose Add to Mojo."})},
		{"problem-taken", problem("This Mojo account is connected elsewhere", "It is connected to the Wise Agent account of j***@kw.com.", "It must be released there with Reset Credentials. Then connect again.",
			Action{Label: "Use another Mojo account", URL: "/add"})},
		{"problem-scope", ProblemPage(Problem{Page: somePage("Contacts is not allowed"), Account: someAccount(), What: "You didn't allow Contacts, so nothing can be sent.",
			Details: []string{"Contacts"}, Next: "Wise Agent asks again.", Actions: []Action{{Label: "Allow again", URL: "/consent", Post: true, Fields: []Field{{"tz", ""}}}, {Label: "Not now", URL: "/add"}}})},
		{"problem-down", ProblemPage(Problem{Page: somePage("Mojo isn't answering"), Calm: true, What: "We asked for your groups and got no answer.", Next: "We keep trying; nothing is lost.",
			Actions: []Action{{Label: "Try again", URL: "/groups"}}})},
	}
}

func chooseStates() []state {
	return []state{
		{"choose", ChoosePage(someChoose())},
		{"choose-loading", chooseWith(func(c *Choose) {
			c.Preflight = Preflight{Fetched: 120, Total: 500, PollURL: "/preflight", PushID: "1", AddURL: "/push", PushURL: "/push/1"}
		})},
		{"choose-loading-down", chooseWith(func(c *Choose) {
			c.Preflight = Preflight{Fetched: 0, Total: 47, PollURL: "/preflight", Problem: "Wise Agent isn't answering. We keep trying; nothing is lost.", PushID: "1", AddURL: "/push", PushURL: "/push/1"}
		})},
		{"choose-dnc-ticked", chooseWith(func(c *Choose) { c.Preflight.IncludeDNC = true })},
		{"choose-first-group", chooseWith(func(c *Choose) { c.Groups.List, c.Preflight.NoGroups = nil, true })},
		{"choose-taken-name", chooseWith(func(c *Choose) {
			c.Groups.New.Name, c.Groups.New.Error = "Past clients", "Mojo already has a group with this name. Choose it above or take another name."
		})},
		{"choose-300-groups", chooseWith(func(c *Choose) { c.Groups.List = manyGroups(300) })},
		{"choose-clean", chooseWith(func(c *Choose) {
			c.Selected, c.Preflight = 1, Preflight{Ready: true, Total: 1, Add: 1, PushID: "1", AddURL: "/push", PushURL: "/push/1"}
		})},
		{"choose-limited", chooseWith(func(c *Choose) {
			c.Notice = "You didn't allow Team: entries in Wise Agent won't name the team member."
			c.NoticeFix = Action{Label: "Allow again", URL: "/consent", Post: true}
		})},
		{"choose-old-groups", chooseWith(func(c *Choose) { c.Groups.Problem = "Mojo isn't answering. These are the groups of 9:02 AM." })},
		{"choose-nobody", chooseWith(func(c *Choose) {
			c.Selected, c.Preflight = 2, Preflight{Ready: true, Total: 2, Vendors: somePeople(2, ""), PushID: "1", AddURL: "/push", PushURL: "/push/1"}
		})},
		{"choose-hostile", chooseWith(func(c *Choose) {
			c.Groups.List = nil
			for i, name := range hostile {
				c.Groups.List = append(c.Groups.List, Group{ID: int64(i + 1), Name: name, Lead: i == 3})
			}
			c.Account.Email, c.Account.MojoName, c.Account.MojoLogin = hostile[0], hostile[1], hostile[3]
			c.Groups.New.Name, c.Groups.New.Error = hostile[2], hostile[0]
			c.Preflight.NoPhone, c.Preflight.Known = hostilePeople(), somePeople(450, "")
		})},
	}
}

func pushStates() []state {
	return []state{
		{"push-waiting", pushWith(PushWaiting, func(*Push) {})},
		{"push-behind", pushWith(PushWaiting, func(p *Push) { p.Ahead = "FSBO" })},
		{"push-behind-landing", pushWith(PushWaiting, func(p *Push) { p.Ahead, p.Landing = hostile[1], true })},
		{"push-behind-undo", pushWith(PushWaiting, func(p *Push) { p.Ahead, p.AheadUndo = "FSBO", true })},
		{"push-sending", pushWith(PushSending, func(p *Push) { p.Done, p.Added, p.Skipped = 212, 210, 2 })},
		{"push-sending-landing", pushWith(PushSending, func(p *Push) { p.Done, p.Added, p.Skipped, p.Landing = 212, 210, 2, true })},
		{"push-paused", pushWith(PushPaused, func(p *Push) {
			p.Done, p.Added, p.Cause, p.SignInURL = 212, 212, "Mojo asks you to sign in again.", "/add"
		})},
		{"push-down", pushWith(PushSending, func(p *Push) { p.Done, p.Added, p.Down = 212, 212, "Mojo" })},
		{"push-stopped", pushWith(PushStopped, func(p *Push) {
			p.Done, p.Added, p.Failed, p.Unsent, p.GroupGone = 212, 212, 288, 288, true
			p.Cause = "The group was deleted in Mojo. Choose another group and send these contacts again."
		})},
		{"push-reset", pushWith(PushStopped, wasReset)},
		{"push-reset-landing", pushWith(PushStopped, func(p *Push) { wasReset(p); p.Landing = true })},
		{"push-reset-far", pushWith(PushStopped, func(p *Push) { wasReset(p); p.GroupsURL, p.Again = "", Action{} })},
		{"push-stopping", pushWith(PushSending, func(p *Push) { p.Done, p.Added, p.Stopping, p.StopURL, p.GroupName = 212, 212, true, "", hostile[1] })},
		{"push-stopped-by-customer", pushWith(PushStopped, stoppedByCustomer)},
		{"push-stopped-by-customer-landing", pushWith(PushStopped, func(p *Push) { stoppedByCustomer(p); p.Landing = true })},
		{"push-stopped-before-anything", pushWith(PushStopped, func(p *Push) {
			p.ByCustomer, p.Cause, p.Total, p.Failed, p.Unsent, p.RetryURL = true, "You stopped this push.", 1, 1, 1, "/push/1/retry"
		})},
		{"push-done", pushWith(PushDone, doneAll)},
		{"push-done-landing", pushWith(PushDone, func(p *Push) { doneAll(p); p.Landing = true })},
		{"push-attention", pushWith(PushDone, doneSome)},
		{"push-attention-landing", pushWith(PushDone, func(p *Push) { doneSome(p); p.Landing = true })},
		{"push-undoing", pushWith(PushUndoing, func(p *Push) { p.Total, p.Done, p.Added, p.Removed = 491, 200, 291, 200 })},
		{"push-undoing-behind", pushWith(PushUndoing, func(p *Push) { p.Total, p.Added, p.Ahead = 491, 491, "FSBO" })},
		{"push-undone", pushWith(PushUndone, func(p *Push) { p.Total, p.Done, p.Removed, p.Skipped = 491, 491, 491, 9 })},
		{"push-hostile", pushWith(PushDone, func(p *Push) {
			doneSome(p)
			p.GroupName, p.Outcomes.List = hostile[1], nil
			for _, name := range hostile {
				p.Outcomes.List = append(p.Outcomes.List, Outcome{Name: name, Result: "failed", Reason: name})
			}
		})},
	}
}

func otherStates() []state {
	rows := []PushRow{
		{URL: "/push/3", GroupName: "Hot Lead", When: someTime(), Status: PushSending, Total: 500, Added: 212},
		{URL: "/push/2", GroupName: "Spring sellers 2026", When: someTime().Add(-26 * time.Hour), Status: PushDone, Total: 44, Added: 41, Failed: 3},
		{URL: "/push/1", GroupName: hostile[3], When: someTime().Add(-90 * time.Hour), Status: PushUndone, Total: 12},
	}
	return []state{
		{"pushes", PushesPage(Pushes{Page: somePage("Earlier pushes"), Account: someAccount(), BackURL: "/groups", List: rows})},
		{"pushes-empty", PushesPage(Pushes{Page: somePage("Earlier pushes"), Account: someAccount()})},
		{"reset", ResetPage(Reset{Page: somePage("Reset Credentials"), Account: someAccount(), Action: "/reset", BackURL: "/groups", Waiting: 2, Pushing: 40})},
		{"reset-done", ResetDonePage(ResetDone{Page: somePage("Disconnected"), Email: "jane@example.com", MojoName: "Harbor Realty", Excluded: 1, Next: Action{Label: "Connect again", URL: "/add"}})},
		{"reset-done-some", ResetDonePage(ResetDone{Page: somePage("Disconnected"), Email: "jane@example.com", MojoName: "Harbor Realty", Delivered: 12, Excluded: 1})},
		{"reset-done-all", ResetDonePage(ResetDone{Page: somePage("Disconnected"), Email: "jane@example.com", MojoName: "Harbor Realty", Delivered: 1})},
		{"switch", SwitchMojoPage(someSwitch())},
		{"switch-hostile", SwitchMojoPage(SwitchMojo{Page: somePage("Another Mojo account"), SwitchURL: "/switch", KeepURL: "/keep",
			Account: Account{Email: hostile[3] + "@example.com", MojoName: hostile[0], MojoLogin: hostile[3]}, Other: hostile[3], Login: hostile[1]})},
		{"switched", SwitchedPage(Switched{Page: somePage("Switched"), Account: someAccount(), Old: "Harbor Realty", New: "Desert Sun Homes",
			Delivered: 2, Excluded: 1, Next: Action{Label: "Go on", URL: "/add"}})},
		{"switched-half", SwitchedPage(Switched{Page: somePage("Switched"), Old: hostile[3], New: hostile[0], Excluded: 7, Next: Action{Label: "Go on", URL: "/add"}})},
		{"other-person", OtherPersonPage(OtherPerson{Page: somePage("Another Wise Agent account"), Account: someAccount(),
			SignedIn: "jane@example.com", Other: "j***@example.org", GoOnURL: "/person", WiseURL: "/consent"})},
		{"other-person-hostile", OtherPersonPage(OtherPerson{Page: somePage("Another Wise Agent account"),
			SignedIn: hostile[3] + "@example.com", Other: "j***@" + hostile[3] + ".example.org", GoOnURL: "/person", WiseURL: "/consent"})},
		{"signed-out", SignedOutPage(SignedOut{Page: somePage("Signed out"), Next: Action{Label: "Sign in again", URL: "/add"}})},
	}
}

func someSwitch() SwitchMojo {
	account := someAccount()
	account.GroupsURL = ""
	return SwitchMojo{
		Page: somePage("Another Mojo account"), Account: account, Other: "Desert Sun Homes", Login: "fran",
		Waiting: 2, Pushing: 40, SwitchURL: "/switch", KeepURL: "/keep",
	}
}

func someActivity() Activity {
	now := someTime()
	return Activity{
		Page: somePage("Activity"), Account: someAccount(), BackURL: "/groups",
		Zone: ZoneForm{Action: "/activity/zone", Zones: []Zone{{"America/Denver", "Mountain", false}, {"America/Phoenix", "Arizona", true}}},
		Feed: Feed{
			PartURL: "/activity/now", Now: now, LastCall: now.Add(-14 * time.Second), Waiting: 2, NeedsYou: 1,
			Cells: []Cell{
				{"Received", 1204, "/activity", true, ""}, {"Written", 1182, "?state=written", false, "ok"},
				{"Waiting", 2, "?state=waiting", false, ""}, {"Need you", 1, "?state=needs_you", false, "bad"},
				{"Excluded", 19, "?state=excluded", false, "skip"},
			},
			Shown: "Received", RetryAllURL: "/activity/retry", OlderURL: "?before=1154",
			List: []Happening{
				{ID: "5", What: "Call: No Contact - Next Number", When: now.Add(-14 * time.Second), Contact: "Ann Lee", State: "written"},
				{ID: "4", What: "Contact changed: phone, e-mail", When: now.Add(-time.Minute), Contact: "Luis Ruiz", State: "waiting",
					Reason: "Wise Agent isn't answering.", NextTry: now.Add(25 * time.Second)},
				{ID: "3", What: "Appointment added", When: now.Add(-3 * time.Minute), Contact: "Grace Okafor", State: "waiting",
					Reason: "Wise Agent isn't answering.", NextTry: now.Add(5 * time.Hour)},
				{ID: "2", What: "Note added", When: now.Add(-2 * time.Hour), Contact: "Omar Haddad", State: "needs_you",
					Reason: "The contact is no longer in Wise Agent. Send it again from Mojo's contact form, then press Retry.", RetryURL: "/activity/2/retry"},
				{ID: "1", What: "Call: Contact", When: now.Add(-26 * time.Hour), State: "excluded",
					Reason: "Not a contact that you sent from or to this Wise Agent account."},
			},
		},
	}
}

func activityWith(change func(*Activity)) templ.Component {
	a := someActivity()
	change(&a)
	return ActivityPage(a)
}

func lostStanding(side, cause string) Standing {
	return Standing{
		State: "needs_sign_in", Since: someTime(), Waiting: 12, Now: someTime(),
		Sides: []Side{{Name: side, State: "needs_sign_in", Since: someTime(), Cause: cause}, {Name: "the other", State: "fine"}},
	}
}

func activityStates() []state {
	return []state{
		{"activity", ActivityPage(someActivity())},
		{"activity-empty", activityWith(func(a *Activity) {
			a.Feed = Feed{PartURL: "/activity/now", Now: someTime(), Shown: "Received", Cells: []Cell{
				{"Received", 0, "/activity", true, ""}, {"Written", 0, "?state=written", false, "ok"}, {"Waiting", 0, "?state=waiting", false, ""},
				{"Need you", 0, "?state=needs_you", false, "bad"}, {"Excluded", 0, "?state=excluded", false, "skip"},
			}}
		})},
		{"activity-filtered-empty", activityWith(func(a *Activity) {
			a.Feed.Shown, a.Feed.Filtered, a.Feed.List, a.Feed.OlderURL = "Need you", true, nil, ""
			a.Feed.Cells[0].Current, a.Feed.Cells[3].Current, a.Feed.Cells[3].Count = false, true, 0
			a.Feed.NeedsYou, a.Feed.RetryAllURL = 0, ""
		})},
		{"activity-lost", activityWith(func(a *Activity) {
			a.Feed.Standing, a.Feed.SignInURL = lostStanding("Wise Agent", "Access was taken back."), "/groups"
		})},
		{"activity-lost-no-launch", activityWith(func(a *Activity) { a.Feed.Standing, a.BackURL = lostStanding("Mojo", ""), "" })},
		{"activity-silent", activityWith(func(a *Activity) {
			a.Feed.Standing = Standing{State: "connected", Since: someTime(), Waiting: 31, Sides: []Side{
				{Name: "Wise Agent", State: "silent", Since: someTime(), Cause: "Wise Agent isn't answering as it should."}, {Name: "Mojo", State: "fine"},
			}}
		})},
		{"activity-hostile", activityWith(func(a *Activity) {
			a.Feed.List = nil
			for i, name := range hostile {
				a.Feed.List = append(a.Feed.List, Happening{ID: fmt.Sprint(i), What: "Call: " + name, When: someTime(), Contact: name, State: "needs_you", Reason: name, RetryURL: "/retry"})
			}
			a.Feed.NewestURL = "/activity"
		})},
	}
}

// fragments are the parts that are sent on their own.
func fragments() []state {
	return []state{
		{"groups", GroupsPart(someChoose().Groups)},
		{"preflight", PreflightPart(readyPreflight())},
		{"push", PushPart(somePush(PushSending))},
		{"feed", FeedPart(someActivity().Feed)},
		{"mojo-form", mojoForm(someMojo(), true)},
	}
}

func TestStatesHaveNamesOfTheirOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range states() {
		if seen[s.name] {
			t.Errorf("state %s: got it twice, want once", s.name)
		}
		seen[s.name] = true
	}
}
