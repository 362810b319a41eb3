package views

// Choose is the group page: where the contacts go, what will happen to them, and
// the button that starts a push.
type Choose struct {
	Page
	Account   Account
	Selected  int    // contacts of the launch
	Notice    string // a sentence about a connection that works in part: "You didn't allow Team, ..."; "" for none
	NoticeFix Action // what removes the Notice; no Label: none
	Groups    Groups
	Preflight Preflight
}

// Groups is the list of the customer's Mojo groups with the form for a new one.
type Groups struct {
	List   []Group // last used first
	Chosen int64   // id of the preselected one; 0 takes the first

	FreshURL string // GET: the page with the groups asked from Mojo again; "" shows no link
	Problem  string // why the list may be old or empty, e.g. Mojo isn't answering; "" for none
	New      NewGroup
}

// Group is a Mojo group as the list shows it.
type Group struct {
	ID       int64
	Name     string
	Contacts int
	Lead     bool // one of the account's lead groups
	LastUsed bool // the group of the last push
}

// NewGroup is the inline form for a group. It posts name; the answer is a
// redirect to the group page with the new group chosen, or with 422 the page
// again. For a request with the header HX-Request the answer is GroupsPart, and
// the request carries group, the id that was chosen, too.
type NewGroup struct {
	Action string // POST
	Name   string // kept after a refusal
	Error  string // "Mojo already has a group with this name. ..."; "" when nothing is wrong
	// Created tells that the chosen group has just been created: people are told.
	Created bool
}

// Preflight says what a push will do, before it does it. While the contacts are
// still being fetched (Ready is false) the part asks PollURL once a second.
type Preflight struct {
	Ready          bool
	Fetched, Total int    // while not Ready
	Problem        string // "Wise Agent isn't answering. We keep trying; nothing is lost."; "" for none
	PollURL        string // GET: PreflightPart

	Add        int  // contacts that will be added, without the do-not-call ones
	IncludeDNC bool // the box for do-not-call contacts is ticked

	Known     []Person // already in Mojo: updated and put into the group
	NoPhone   []Person // added, flagged
	Shared    []Person // share a phone with another one: added, flagged
	DoNotCall []Person // skipped unless the box is ticked
	Vendors   []Person // skipped
	Missing   []Person // no longer in Wise Agent, or not this customer's: skipped
	Empty     []Person // without a name, phone and e-mail: skipped

	PushID   string // one-time key of the form: one press is one push
	AddURL   string // POST, in a new tab; fields push, group, dnc ("1" when ticked)
	PushURL  string // GET: the push's page in the popup; 404 until the push exists
	NoGroups bool   // the account has no group yet, so nothing can be sent
}

// peopleShown is how many names of a list the page writes out.
const peopleShown = 200

// peopleStill is how many names surely fit without scrolling.
const peopleStill = 3

func shown(people []Person) []Person { return people[:min(len(people), peopleShown)] }

// chosen is the id of the group that is preselected, 0 when there is none.
func (g Groups) chosen() int64 {
	for _, group := range g.List {
		if group.ID == g.Chosen {
			return g.Chosen
		}
	}
	if len(g.List) > 0 {
		return g.List[0].ID
	}
	return 0
}

// filterFrom is the length from which a list of groups gets a filter.
const filterFrom = 8

// sending is how many contacts the form sends as it stands.
func (p Preflight) sending() int {
	if p.IncludeDNC {
		return p.withDNC()
	}
	return p.Add
}

func (p Preflight) withDNC() int { return p.Add + len(p.DoNotCall) }

// sendable reports whether there is anybody to send.
func (p Preflight) sendable() bool { return p.Ready && p.withDNC() > 0 }

// addText is the text of the button for n contacts.
func addText(n int) string { return "Add " + contacts(n) + " to Mojo" }

// preflightRow is one number of the preflight and the names behind it.
type preflightRow struct {
	id     string
	people []Person
	text   string // after the number: "are already in Mojo"
	effect string // what the push does about it
	tone   string // "ok", "flag" or "skip"
}

func (p Preflight) rows() []preflightRow {
	verb := func(list []Person, one, many string) string {
		if len(list) == 1 {
			return one
		}
		return many
	}
	all := []preflightRow{
		{"known", p.Known, verb(p.Known, "is already in Mojo", "are already in Mojo"), "updated and put into the group", "ok"},
		{"no-phone", p.NoPhone, verb(p.NoPhone, "has no phone", "have no phone"), "added, but can't be dialed", "flag"},
		{"shared", p.Shared, verb(p.Shared, "shares a phone with another one", "share a phone with another one"), "added", "flag"},
		{"do-not-call", p.DoNotCall, verb(p.DoNotCall, "is marked do-not-call", "are marked do-not-call"), "skipped unless you tick the box", "skip"},
		{"vendors", p.Vendors, verb(p.Vendors, "is a vendor", "are vendors"), "skipped", "skip"},
		{"missing", p.Missing, verb(p.Missing, "is no longer in Wise Agent, or not yours", "are no longer in Wise Agent, or not yours"), "skipped", "skip"},
		{"empty", p.Empty, verb(p.Empty, "has no name, phone or e-mail", "have no name, phone or e-mail"), "skipped", "skip"},
	}
	var rows []preflightRow
	for _, row := range all {
		if len(row.people) > 0 {
			rows = append(rows, row)
		}
	}
	return rows
}

func dncText(n int) string {
	if n == 1 {
		return "this do-not-call contact"
	}
	return "these " + number(n) + " do-not-call contacts"
}

// refresh reloads the page without JavaScript while contacts are being fetched.
func (c Choose) refresh() string {
	if c.Preflight.Ready {
		return ""
	}
	return "2"
}

// cleanText is said when the preflight has nothing to say.
func cleanText(n int) string {
	if n == 1 {
		return "The contact has a phone and is new to Mojo."
	}
	return "All of them have a phone and are new to Mojo."
}
