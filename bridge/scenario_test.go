package bridge_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
	wisebox "addtomojo/sandbox/wiseagent"
	"addtomojo/store"
	"addtomojo/store/storetest"
	"addtomojo/wiseagent"
)

// A scenario is a text file in testdata/scenarios: a line that says what it shows, then parts that begin with a line like
// "-- steps --".
//
//	wise        Wise Agent before: "team ID EMAIL", "contact A", then its "field: value" and "note DATE SUBJECT TEXT" lines
//	mojo        Mojo before: "pushed A B", by default all contacts are; "contact X NAME" is one that Wise Agent hasn't
//	steps       what happens, a step a line, see the type stage; words with blanks are quoted
//	said        what the steps answered
//	wise after  both sides afterwards
//	mojo after
//	ledger      all events in the order in which they came
//
// With UPDATE_SCENARIOS set the last four parts are written instead of compared; read what changed.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/scenarios/*.txt")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d scenarios, %v; want at least 60", len(files), err)
	}
	for i, file := range files {
		engines := []string{storetest.SQLite}
		if i%10 == 0 {
			engines = storetest.Engines() // a sample, to keep the time down
		}
		for _, engine := range engines {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txt")+"/"+engine, func(t *testing.T) {
				t.Parallel()
				playFile(t, file, engine)
			})
		}
	}
}

func playFile(t *testing.T, file, engine string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := readScenario(string(text))
	got := play(t, s, storetest.Open(t, engine))
	if os.Getenv("UPDATE_SCENARIOS") != "" {
		if err := os.WriteFile(file, []byte(s.with(got)), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, name := range afterParts {
		if want := s.parts[name]; got[name] != want {
			t.Errorf("%s, %s:\n%s\nwant:\n%s", s.about, name, got[name], want)
		}
	}
}

type scenario struct {
	about string
	parts map[string]string
}

var (
	beforeParts = []string{"wise", "mojo", "steps"}
	afterParts  = []string{"said", "wise after", "mojo after", "ledger"}
)

func readScenario(text string) scenario {
	s := scenario{parts: make(map[string]string)}
	name := ""
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		if strings.HasPrefix(trimmed, "-- ") && strings.HasSuffix(trimmed, " --") {
			name = strings.TrimSuffix(strings.TrimPrefix(trimmed, "-- "), " --")
			continue
		}
		if name == "" {
			s.about += line
			continue
		}
		s.parts[name] += line
	}
	s.about = strings.TrimSpace(s.about)
	return s
}

// with is the file with other parts after what happened.
func (s scenario) with(after map[string]string) string {
	var out strings.Builder
	out.WriteString(s.about + "\n")
	for _, name := range beforeParts {
		if s.parts[name] != "" {
			fmt.Fprintf(&out, "-- %s --\n%s", name, s.parts[name])
		}
	}
	for _, name := range afterParts {
		if after[name] != "" {
			fmt.Fprintf(&out, "-- %s --\n%s", name, after[name])
		}
	}
	return out.String()
}

// play makes the scenario happen and gives the parts that tell what came of it.
func play(t *testing.T, s scenario, db *store.Store) map[string]string {
	st := newStage(t, db)
	st.BadNumberCategory = "Bad Number"
	st.before(s.parts["wise"], s.parts["mojo"])
	for line := range strings.Lines(s.parts["steps"]) {
		if words := wordsOf(line); len(words) > 0 {
			st.step(words, strings.TrimSpace(line))
		}
	}
	if !st.leave {
		st.settle()
	}
	return map[string]string{"said": st.said.String(), "wise after": st.wiseAfter(), "mojo after": st.mojoAfter(), "ledger": st.ledger()}
}

// wordsOf splits a line at blanks that no quotes enclose. A line that begins with # has none.
func wordsOf(line string) (words []string) {
	var word strings.Builder
	quoted, there := false, false
	for _, r := range strings.TrimSpace(line) {
		switch {
		case r == '"':
			quoted, there = !quoted, true
		case r == ' ' && !quoted:
			if there {
				words = append(words, word.String())
			}
			word.Reset()
			there = false
		default:
			word.WriteRune(r)
			there = true
		}
	}
	if there {
		words = append(words, word.String())
	}
	if len(words) > 0 && strings.HasPrefix(words[0], "#") {
		return nil
	}
	return words
}

// options splits words like key=value from others. A key may come several times.
func options(words []string) (plain []string, options map[string][]string) {
	options = make(map[string][]string)
	for _, w := range words {
		if key, value, ok := strings.Cut(w, "="); ok && key != "" && !strings.ContainsAny(key, " {<@") {
			options[key] = append(options[key], value)
			continue
		}
		plain = append(plain, w)
	}
	return plain, options
}

// theirs is a contact as hooks tell it whole, see Mojo's API, part A2.
type theirs struct {
	ContactID    int64      `json:"contact_id"`
	APIContactID string     `json:"api_contact_id"`
	FullName     string     `json:"full_name"`
	Address      string     `json:"address,omitempty"`
	City         string     `json:"city,omitempty"`
	State        string     `json:"state,omitempty"`
	Zip          string     `json:"zip_code,omitempty"`
	Media        []theirNum `json:"mediainfo_set,omitempty"`
}

type theirNum struct {
	Type  int    `json:"type"`
	Value string `json:"value"`
}

var mediaTypes = map[string]int{
	"work": mojobox.MediaWork, "mobile": mojobox.MediaMobile, "home": mojobox.MediaHome, "email": mojobox.MediaEmail, "other": mojobox.MediaOther,
}

// stage is a town in which a scenario happens.
type stage struct {
	*town
	conn  store.Connection
	ended []string           // ids of the connections before it
	ids   map[string]string  // ClientIDs by letter
	whole map[string]*theirs // contacts in Mojo by letter
	group int64
	hooks int
	last  string // body of the last hook
	said  strings.Builder
	leave bool          // what waits at the end goes on waiting
	ago   time.Duration // what the next hooks tell of happened so long ago
	mute  bool          // they don't say when
}

func newStage(t *testing.T, db *store.Store) *stage {
	return &stage{town: newTown(t, db, mojobox.Config{}), ids: make(map[string]string), whole: make(map[string]*theirs)}
}

func (st *stage) before(wise, mojo string) {
	st.t.Helper()
	user := wisebox.User{Email: kate, Password: password, First: "Kate", Last: "Moreno"}
	letters := st.people(wise, &user)
	st.conn = st.connected()
	st.group = st.mojo.AddGroup(account, "Hot Lead")
	for line := range strings.Lines(mojo) {
		switch words := wordsOf(line); words[0] {
		case "pushed":
			letters = words[1:]
		case "contact":
			id := st.mojo.AddContact(account, mojobox.Contact{FullName: words[2]}, st.group)
			st.whole[words[1]] = &theirs{ContactID: id, FullName: words[2]}
		}
	}
	st.pushAll(letters)
}

// people fills Wise Agent and gives the letters of its contacts.
func (st *stage) people(wise string, user *wisebox.User) (letters []string) {
	contacts, notes := map[string]*wisebox.Contact{}, map[string][]wisebox.Note{}
	letter := ""
	for line := range strings.Lines(wise) {
		words := wordsOf(line)
		switch words[0] {
		case "team":
			id, err := strconv.Atoi(words[1])
			st.need(err)
			user.Team = append(user.Team, wisebox.Member{ID: id, Name: words[2], Email: words[2]})
		case "contact":
			letter = words[1]
			letters = append(letters, letter)
			contacts[letter] = &wisebox.Contact{}
		case "note":
			date, err := time.Parse(time.DateOnly, words[1])
			st.need(err)
			notes[letter] = append(notes[letter], wisebox.Note{Date: date.Add(19 * time.Hour), Subject: words[2], Text: words[3]})
		default:
			name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
			st.setField(contacts[letter], name, strings.TrimSpace(value))
		}
	}
	st.wise.AddUser(*user)
	for _, letter := range letters {
		st.ids[letter] = st.wise.AddContact(kate, *contacts[letter])
		for _, n := range notes[letter] {
			n.ClientID = st.ids[letter]
			st.wise.AddNote(kate, n)
		}
	}
	return letters
}

// contactFields are the fields of a contact in Wise Agent under their names in scenarios.
func contactFields(c *wisebox.Contact) (names []string, fields map[string]*string) {
	names = []string{"first", "last", "company", "email", "home", "mobile", "work", "number", "street", "suite", "city", "state", "zip", "source"}
	return names, map[string]*string{
		"first": &c.First, "last": &c.Last, "company": &c.Company, "email": &c.Email, "home": &c.HomePhone, "mobile": &c.MobilePhone,
		"work": &c.WorkPhone, "number": &c.AddressNumber, "street": &c.AddressStreet, "suite": &c.SuiteNo, "city": &c.City,
		"state": &c.State, "zip": &c.Zip, "source": &c.Source,
	}
}

func (st *stage) setField(c *wisebox.Contact, name, value string) {
	_, fields := contactFields(c)
	if fields[name] == nil {
		st.t.Fatalf("no field %q in Wise Agent", name)
	}
	*fields[name] = value
}

func (st *stage) pushAll(letters []string) {
	st.t.Helper()
	if len(letters) == 0 || letters[0] == "none" {
		return
	}
	var ids []string
	for _, letter := range letters {
		ids = append(ids, st.ids[letter])
	}
	st.push(st.conn, st.group, ids...)
	for _, c := range st.mojo.Contacts(account, st.group) {
		for _, letter := range letters {
			if c.APIContactID == "wa-"+st.ids[letter] {
				who := &theirs{ContactID: c.ContactID, APIContactID: c.APIContactID, FullName: c.FullName,
					Address: c.Address, City: c.City, State: c.State, Zip: c.Zip}
				for _, m := range c.Media {
					who.Media = append(who.Media, theirNum{m.Type, m.Value})
				}
				st.whole[letter] = who
			}
		}
	}
}

// step makes one thing happen. A word like @B says about whom, otherwise it is A.
func (st *stage) step(words []string, line string) {
	st.t.Helper()
	letter := "A"
	verb := words[0]
	words = slices.DeleteFunc(words[1:], func(w string) bool {
		if !strings.HasPrefix(w, "@") || len(w) > 4 {
			return false
		}
		letter = w[1:]
		return true
	})
	switch verb {
	case "call":
		st.call(letter, words)
	case "edit":
		st.edit(letter, words)
	case "edit-there": // the same, and the contact in Mojo is so too
		st.edit(letter, words)
		st.editThere(letter, words)
	case "note", "note-edit":
		kind := map[string]string{"note": "note.created", "note-edit": "note.updated"}[verb]
		st.hook(kind, letter, map[string]any{"note": map[string]any{"id": number(words[0]), "contents": lines(words[1]), "created_at": "2026-11-22T17:10:00Z"}})
	case "plan", "move", "complete", "delete":
		kind := map[string]string{"plan": "event.created", "move": "event.updated", "complete": "event.completed", "delete": "event.deleted"}[verb]
		st.activity(kind, letter, words)
	case "hook": // hook TYPE {more of the data}
		_, tail, _ := strings.Cut(line, words[0]+" ")
		more := map[string]any{}
		st.need(json.Unmarshal([]byte(tail), &more))
		st.hook(words[0], letter, more)
	case "raw": // raw {whole body}
		_, st.last, _ = strings.Cut(line, " ")
		st.hookAgain(st.nextID())
	case "again": // the last hook, as Mojo repeats it
		st.hookAgain(fmt.Sprint("msg_", st.hooks))
	case "again-new": // the last hook under another id
		st.hookAgain(st.nextID())
	case "disconnect":
		st.last = fmt.Sprintf(`{"type":"account.disconnected","timestamp":%q,"data":{"account_id":%q}}`, st.Now().Format(time.RFC3339), account)
		st.hookAgain(st.nextID())
	default:
		st.more(verb, letter, words, line)
	}
}

// more are the steps that are no hooks.
func (st *stage) more(verb, letter string, words []string, line string) {
	st.t.Helper()
	plain, opts := options(words)
	switch verb {
	case "send", "button":
		st.fromForm(verb, plain, opts)
	case "wise": // what the customer does in Wise Agent
		st.settle()
		for name, values := range opts {
			st.wise.ChangeContact(kate, st.ids[letter], func(c *wisebox.Contact) { st.setField(c, name, values[0]) })
		}
	case "wise-delete": // or "wise-delete CLIENTID"
		st.settle()
		st.wise.DeleteContact(kate, cmp.Or(strings.Join(plain, ""), st.ids[letter]))
	case "wise-delete-notes":
		st.settle()
		for _, n := range st.wise.Notes(kate, st.ids[letter]) {
			st.ask(http.MethodDelete, "removeContactNote", "noteID", n.ID)
		}
	case "wise-delete-calls":
		st.settle()
		for _, c := range st.wise.CallList(kate, st.ids[letter]) {
			st.ask(http.MethodDelete, "calls", "CallId", c.ID)
		}
	case "fault":
		st.addFault(plain, opts)
	case "answer": // answer REQUEST BODY: Wise Agent's answer instead of the stand-in's
		_, body, _ := strings.Cut(line, words[0]+" ")
		st.instead.Store(words[0], body)
	case "fine": // no faults any more
		st.wiseFaults.Clear()
		st.instead.Clear()
	case "clock":
		d, err := time.ParseDuration(words[0])
		st.need(err)
		st.skew.Add(int64(d))
	case "ago": // ago DURATION, or "ago ?" for hooks that don't say when
		if st.mute = words[0] == "?"; !st.mute {
			d, err := time.ParseDuration(words[0])
			st.need(err)
			st.ago = d
		}
	case "settle":
		st.settle()
	case "tried": // what waits has failed, or been put off
		st.tried()
	case "zone":
		st.settle()
		st.need(st.SetTimeZone(st.t.Context(), st.conn, words[0]))
		time.Sleep(2200 * time.Millisecond) // a worker looks at its connection every two seconds
	case "reset":
		st.need(st.reset(st.conn))
	case "connect": // the same two accounts again
		st.ended = append(st.ended, st.conn.ID)
		st.conn = st.connected()
	case "retry":
		_, err := st.RetryEvents(st.t.Context(), st.conn, time.Time{})
		st.need(err)
	case "push":
		st.settle()
		st.pushAll([]string{letter})
	case "push-now": // whatever waits
		st.pushAll([]string{letter})
	case "revoke":
		st.wise.RevokeTokens(kate)
	case "sign-in":
		scopes := cmp.Or(strings.Join(words, " "), wiseagent.Scopes)
		access, refresh, expires := st.wise.Tokens(kate, strings.Fields(scopes)...)
		token := st.wiseToken(kate)
		token.AccessToken, token.RefreshToken, token.Expiry = access, refresh, expires
		st.need(st.Store.RefreshSide(st.t.Context(), st.conn.ID, store.Wise, token, "", st.Now()))
		time.Sleep(150 * time.Millisecond) // as if in another process: what was just read here is used a little longer
	case "stop":
		st.stop()
	case "run":
		st.run()
	case "leave":
		st.leave = true
	default:
		st.t.Fatalf("no step %q", verb)
	}
}

func (st *stage) call(letter string, words []string) {
	plain, opts := options(words)
	get := func(key, otherwise string) string {
		if v, ok := opts[key]; ok {
			return lines(v[0])
		}
		return otherwise
	}
	var recording any
	if url := get("recording", ""); url != "" {
		recording = url
	}
	call := map[string]any{
		"id": number(plain[0]), "result": plain[1], "phone": get("phone", "5205550143"), "phone_type": mediaTypes[get("type", "mobile")],
		"started_at": get("at", "2026-11-22T17:01:40Z"), "duration_seconds": number(get("seconds", "91")), "session_id": 771,
		"group": map[string]any{"group_id": 12, "name": get("group", "Hot Lead")}, "notes": get("notes", ""), "recording_url": recording,
	}
	st.hook("call.completed", letter, map[string]any{"call": call})
}

// edit has changes like "mobile 5205550143 -> 5205550144", parted by ";". A - is nothing.
func (st *stage) edit(letter string, words []string) {
	revision := number(words[0])
	who := *st.person(letter)
	var changes []any
	for change := range strings.SplitSeq(strings.Join(words[1:], " "), " ; ") {
		field, both, _ := strings.Cut(change, " ")
		old, fresh, ok := strings.Cut(both, " -> ")
		if !ok {
			st.t.Fatalf("no edit: %q", change)
		}
		wire := map[string]any{"old": valueOf(field, old), "new": valueOf(field, fresh)}
		switch field {
		case "name":
			wire["field"], who.FullName = "full_name", fresh
		case "email", "address":
			wire["field"] = field
		case "fax":
			wire["field"] = field
		default:
			wire["field"] = "phone"
		}
		if t, ok := mediaTypes[field]; ok {
			who.Media = slices.Clone(who.Media)
			who.Media = edited(who.Media, t, old, fresh)
		}
		changes = append(changes, wire)
	}
	st.whole[letter] = &who
	st.hook("contact.updated", letter, map[string]any{"revision": revision, "changes": changes})
}

// editThere changes the contact in Mojo as the hook of an edit says.
func (st *stage) editThere(letter string, words []string) {
	who := st.person(letter)
	st.mojo.SetHookOptions(mojobox.HookOptions{NoFeed: true}) // the hook is told already
	st.mojo.Edit(account, who.ContactID, func(c *mojobox.Contact) {
		c.Media = nil
		for _, m := range who.Media {
			c.Media = append(c.Media, mojobox.Media{Type: m.Type, Value: m.Value})
		}
		for change := range strings.SplitSeq(strings.Join(words[1:], " "), " ; ") {
			field, both, _ := strings.Cut(change, " ")
			_, fresh, _ := strings.Cut(both, " -> ")
			switch field {
			case "name":
				c.FullName = fresh
			case "address":
				parts := append(strings.Split(fresh, " | "), "", "", "")
				c.Address, c.City, c.State, c.Zip = parts[0], parts[1], parts[2], parts[3]
			}
		}
	})
}

// edited are phones and e-mails after an edit. When the old value isn't there an earlier edit hasn't come yet: it is about the first
// of the type.
func edited(all []theirNum, t int, old, fresh string) []theirNum {
	at := slices.IndexFunc(all, func(m theirNum) bool { return m.Type == t && m.Value == old })
	if at < 0 && old != "-" {
		at = slices.IndexFunc(all, func(m theirNum) bool { return m.Type == t })
	}
	switch {
	case at < 0 && fresh != "-":
		return append(all, theirNum{t, fresh})
	case at < 0:
		return all
	case fresh == "-":
		return slices.Delete(all, at, at+1)
	}
	all[at].Value = fresh
	return all
}

// valueOf is a value of a change as Mojo writes it.
func valueOf(field, s string) any {
	switch {
	case s == "-":
		return nil
	case field == "address":
		parts := append(strings.Split(s, " | "), "", "", "")
		return map[string]string{"address": parts[0], "city": parts[1], "state": parts[2], "zip_code": parts[3]}
	case mediaTypes[field] != 0 && field != "email":
		return map[string]any{"type": mediaTypes[field], "value": s}
	}
	return s
}

func (st *stage) activity(kind, letter string, words []string) {
	plain, opts := options(words)
	event := map[string]any{"id": plain[0], "revision": number(plain[1]), "kind": plain[2], "priority": "medium", "recurring": false, "title": "", "description": ""}
	for key, values := range opts {
		name := cmp.Or(map[string]string{"at": "starts_at", "on": "date", "text": "description", "completed": "completed_at"}[key], key)
		event[name] = lines(values[0])
		if name == "recurring" {
			event[name] = true
		}
	}
	st.hook(kind, letter, map[string]any{"event": event})
}

// hook tells the service about a contact.
func (st *stage) hook(kind, letter string, more map[string]any) {
	st.t.Helper()
	data := map[string]any{"account_id": account, "contact": st.person(letter),
		"agent": map[string]any{"id": 31, "name": "Dana Ruiz", "email": "dana@example.com"}}
	for k, v := range more {
		data[k] = v
	}
	hook := map[string]any{"type": kind, "timestamp": st.Now().Add(-st.ago).Format(time.RFC3339), "data": data}
	if st.mute {
		delete(hook, "timestamp")
	}
	body, err := json.Marshal(hook)
	st.need(err)
	st.last = string(body)
	st.hookAgain(st.nextID())
}

func (st *stage) nextID() string {
	st.hooks++
	return fmt.Sprint("msg_", st.hooks)
}

func (st *stage) hookAgain(id string) {
	if err := st.Receive(st.t.Context(), id, []byte(st.last)); err != nil {
		fmt.Fprintf(&st.said, "hook: %v\n", err)
	}
}

// person is a contact as hooks name it; a letter that nobody has is a stranger.
func (st *stage) person(letter string) *theirs {
	if who := st.whole[letter]; who != nil {
		return who
	}
	return &theirs{ContactID: 424242, APIContactID: "wa-" + cmp.Or(st.ids[letter], "1"), FullName: "A Stranger"}
}

// fromForm is what Mojo's contact form asks: send the contact, or how the button looks.
func (st *stage) fromForm(verb string, plain []string, opts map[string][]string) {
	id := int64(number(plain[0]))
	if verb == "button" {
		b, err := st.Button(st.t.Context(), account, id)
		st.need(err)
		fmt.Fprintf(&st.said, "button %d: connected %t, linked %t, %s\n", id, b.Connected, b.Linked, strings.Replace(cmp.Or(b.URL, "no page"), st.wiseURL, "https://thewiseagent.com", 1))
		return
	}
	who := theirs{ContactID: id}
	for _, known := range st.whole {
		if known.ContactID == id {
			who.APIContactID = known.APIContactID
		}
	}
	for _, key := range []string{"mobile", "home", "work", "other", "email"} {
		for _, v := range opts[key] {
			who.Media = append(who.Media, theirNum{mediaTypes[key], v})
		}
	}
	for key, to := range map[string]*string{"name": &who.FullName, "address": &who.Address, "city": &who.City, "state": &who.State, "zip": &who.Zip} {
		if len(opts[key]) > 0 {
			*to = opts[key][0]
		}
	}
	body, err := json.Marshal(who)
	st.need(err)
	sent, err := st.SendToWise(st.t.Context(), account, []json.RawMessage{body}, json.RawMessage(`{"id":31,"name":"Dana Ruiz","email":"dana@example.com"}`))
	if err != nil {
		fmt.Fprintf(&st.said, "send %d: %v\n", id, err)
		return
	}
	fmt.Fprintln(&st.said, strings.TrimSpace(fmt.Sprintf("send %d: %d %s %s", id, sent[0].Status, sent[0].ClientID, sent[0].Problem)))
	st.whole[plain[0]] = &who
}

func (st *stage) addFault(plain []string, opts map[string][]string) {
	r := fault.Rule{Endpoint: strings.ReplaceAll(plain[0], "_", " "), Kind: fault.Kind(plain[1])}
	for key, values := range opts {
		switch key {
		case "times":
			r.Times = number(values[0])
		case "status":
			r.Status = number(values[0])
		case "retry":
			d, err := time.ParseDuration(values[0])
			st.need(err)
			r.RetryAfter = d
		}
	}
	st.wiseFaults.Add(r)
}

// ask makes a request to Wise Agent as another program of the customer would.
func (st *stage) ask(method, requestType, name string, id int) {
	params := url.Values{"requestType": {requestType}, name: {strconv.Itoa(id)}}
	r, err := http.NewRequestWithContext(st.t.Context(), method, st.wiseURL+"/http/webconnect.asp?"+params.Encode(), nil)
	st.need(err)
	r.Header.Set("Authorization", "Bearer "+st.wiseToken(kate).AccessToken)
	st.need(visit(http.DefaultClient.Do(r)))
}

// settle waits until nothing waits any more. Retries are not waited for: the clock is moved.
func (st *stage) settle() {
	st.t.Helper()
	for i := range 3000 {
		l, err := st.Store.Ledger(st.t.Context(), st.conn.ID)
		st.need(err)
		conn, err := st.Store.Connection(st.t.Context(), st.conn.ID)
		st.need(err)
		if l.Waiting == 0 && (conn.State == store.StateReset || !conn.Ending()) {
			return
		}
		if i > 50 && i%10 == 0 {
			st.skew.Add(int64(time.Minute))
			_, err := st.RetryEvents(st.t.Context(), st.conn, st.Now().Add(time.Hour)) // none; it has the worker look
			if err != nil {
				break // reset
			}
		}
		time.Sleep(2 * time.Millisecond)
	}
	st.t.Fatalf("it still waits:\n%s", st.ledger())
}

func (st *stage) tried() {
	st.t.Helper()
	for range 3000 {
		waiting, err := st.Store.Events(st.t.Context(), st.conn.ID, store.EventFilter{State: store.EventWaiting, Limit: 100})
		st.need(err)
		if slices.ContainsFunc(waiting, func(e store.Event) bool { return e.Reason != "" }) {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
	st.t.Fatalf("nothing was tried:\n%s", st.ledger())
}

func (st *stage) wiseAfter() string {
	var out strings.Builder
	for _, c := range st.wise.Contacts(kate) {
		letter := "from Mojo"
		for l, id := range st.ids {
			if id == strconv.Itoa(c.ID) {
				letter = l
			}
		}
		fmt.Fprintf(&out, "contact %s\n", letter)
		names, fields := contactFields(&c)
		for _, name := range names {
			if *fields[name] != "" {
				fmt.Fprintf(&out, "  %s: %s\n", name, *fields[name])
			}
		}
		for _, extra := range []struct {
			name   string
			values []string
		}{{"categories", c.Categories}, {"more e-mails", c.MoreEmails}, {"more phones", c.MorePhones}} {
			if len(extra.values) > 0 {
				fmt.Fprintf(&out, "  %s: %s\n", extra.name, strings.Join(extra.values, ", "))
			}
		}
		st.writeNotes(&out, strconv.Itoa(c.ID))
		for _, l := range st.wise.CallList(kate, strconv.Itoa(c.ID)) {
			if strings.HasPrefix(l.Reason, "New contact from") {
				continue // Wise Agent's own, of each contact that is new
			}
			fmt.Fprintf(&out, "  %s %s %q%s\n", l.Type, l.Next.Format("Mon 2006-01-02 15:04"), l.Reason, marks(l))
		}
	}
	return out.String()
}

func marks(l wisebox.Call) (s string) {
	if l.Important {
		s += ", important"
	}
	if l.Completed {
		s += ", completed"
	}
	if l.InsideTeamID != 0 {
		s += fmt.Sprint(", team ", l.InsideTeamID)
	}
	return s
}

func (st *stage) writeNotes(out *strings.Builder, clientID string) {
	for _, n := range slices.Backward(st.wise.Notes(kate, clientID)) {
		fmt.Fprintf(out, "  note %q", n.Subject)
		if n.InsideTeamID != 0 {
			fmt.Fprintf(out, " team %d", n.InsideTeamID)
		}
		out.WriteString("\n")
		for line := range strings.Lines(shortened(n.Text)) {
			out.WriteString(strings.TrimRight("    | "+strings.TrimRight(line, "\n"), " ") + "\n")
		}
	}
}

// shortened keeps a very long text from filling a scenario.
func shortened(s string) string {
	if len(s) < 2000 {
		return s
	}
	return fmt.Sprintf("%s…\n(%d bytes)\n%s", s[:100], len(s), s[len(s)-100:])
}

func (st *stage) mojoAfter() string {
	var out strings.Builder
	for _, c := range st.mojo.Contacts(account, st.group) {
		fmt.Fprintf(&out, "%s", c.FullName)
		for _, m := range c.Media {
			fmt.Fprintf(&out, ", %s", m.Value)
		}
		if c.Address != "" {
			fmt.Fprintf(&out, ", %s, %s, %s, %s", c.Address, c.City, c.State, c.Zip)
		}
		out.WriteString("\n")
		for _, n := range c.Notes {
			fmt.Fprintf(&out, "  note %q\n", n.Contents)
		}
	}
	return out.String()
}

func (st *stage) ledger() string {
	st.t.Helper()
	var out strings.Builder
	for _, id := range append(slices.Clone(st.ended), st.conn.ID, "") {
		l, err := st.Store.Ledger(st.t.Context(), id)
		st.need(err)
		if l.Received != l.Waiting+l.Written+l.NeedsYou+l.Excluded {
			st.t.Errorf("the ledger %+v doesn't add up", l)
		}
		events, err := st.Store.Events(st.t.Context(), id, store.EventFilter{Limit: 100})
		st.need(err)
		for _, e := range slices.Backward(events) {
			out.WriteString(strings.TrimSpace(fmt.Sprintf("%s: %s. %s", e.Type, e.State, e.Reason)) + "\n")
		}
	}
	return out.String()
}

// lines are the line breaks of a text that stands on one line.
func lines(s string) string {
	if n, ok := strings.CutPrefix(s, "long:"); ok {
		return strings.TrimSpace(strings.Repeat("word ", number(n)/5))
	}
	return strings.ReplaceAll(s, `\n`, "\n")
}

func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}
