package bridge

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"addtomojo/mojo"
	"addtomojo/store"
	"addtomojo/wiseagent"

	"golang.org/x/sync/errgroup"
)

// eventSent is our own kind of event: a contact that the customer sent with the button in Mojo's contact form. It goes the
// way of all events, so that it waits while Wise Agent is down, is made once, and is in the ledger.
const eventSent = "contact.sent"

const (
	// sendWait is how long a press of the button waits for Wise Agent, once all its contacts are on disk; then it goes on by itself.
	sendWait = 8 * time.Second
	// queueAtOnce is how many contacts of a press are put on disk side by side.
	queueAtOnce = 64
	// sentLook, times the contacts of a press, is how often each is looked at again: another process may have brought it about.
	sentLook = 10 * time.Millisecond
)

// ErrNotConnected says that a Mojo account is not connected with Wise Agent.
var ErrNotConnected = errors.New("this Mojo account is not connected with Wise Agent")

// Button is what Mojo's contact form has to know (Mojo's API, part B6).
type Button struct {
	Connected    bool
	Linked       bool
	ClientID     string
	URL          string // of the contact in Wise Agent
	LastSyncedAt time.Time
}

// Button tells whether a Mojo contact can be sent to Wise Agent, or is there.
func (b *Bridge) Button(ctx context.Context, accountID string, mojoContactID int64) (Button, error) {
	conn, err := b.Store.ConnectionByMojoAccount(ctx, accountID)
	if errors.Is(err, store.ErrNotFound) {
		return Button{}, nil
	}
	if err != nil {
		return Button{}, fmt.Errorf("read connection: %w", err)
	}
	link, err := b.Store.LinkOf(ctx, conn.ID, mojoContactID, "")
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return Button{}, fmt.Errorf("read link: %w", err)
	}
	if err != nil || !link.GoneAt.IsZero() {
		return Button{Connected: true}, nil
	}
	return Button{Connected: true, Linked: true, ClientID: link.ClientID, URL: b.contactURL(link.ClientID), LastSyncedAt: link.PushedAt}, nil
}

// contactURL is a contact's page in Wise Agent (Wise Agent API, section 4, ContactUrl). Its pages are on another host than its
// API; another pair of servers that keep the contracts has both on one.
func (b *Bridge) contactURL(clientID string) string {
	origin := strings.TrimSuffix(b.Wise.APIURL, "/")
	if u, err := url.Parse(origin); err == nil && strings.HasSuffix(u.Hostname(), "wiseagent.com") {
		origin = "https://thewiseagent.com"
	}
	return origin + "/secure/client/summary?clientId=" + url.QueryEscape(clientID)
}

// Sent is what became of one contact that was sent.
type Sent struct {
	ContactID int64
	Status    int // 201 created, 200 it was there, 202 accepted and waiting, 422 see Problem
	ClientID  string
	URL       string
	Problem   string // in plain words
}

// SendToWise sends contacts, each as in part A2 of Mojo's API with its contact_id, to the Wise Agent account that the Mojo
// account is connected with; the answers come in the same order. All are on disk before it waits for Wise Agent. The same contact
// twice is one contact. The error is ErrNotConnected.
func (b *Bridge) SendToWise(ctx context.Context, accountID string, contacts []json.RawMessage, agent json.RawMessage) ([]Sent, error) {
	conn, err := b.Store.ConnectionByMojoAccount(ctx, accountID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrNotConnected
	}
	if err != nil {
		return nil, fmt.Errorf("read connection: %w", err)
	}
	if !fits[told](json.RawMessage(`{"agent":` + string(agent) + `}`)) { // it only says who pressed
		agent = nil
	}
	sent, events := make([]Sent, len(contacts)), make([]store.Event, len(contacts))
	var queue errgroup.Group
	queue.SetLimit(queueAtOnce)
	for i, raw := range contacts {
		queue.Go(func() (err error) {
			sent[i], events[i], err = b.sendOne(ctx, conn, raw, agent)
			return err
		})
	}
	if err := queue.Wait(); err != nil {
		return nil, err
	}
	return sent, b.awaitAll(ctx, conn, sent, events)
}

// sendOne says what became of a contact that needn't go to Wise Agent, and queues one that must: its status is still 0.
func (b *Bridge) sendOne(ctx context.Context, conn store.Connection, raw, agent json.RawMessage) (Sent, store.Event, error) {
	c, problem := readSent(raw)
	s := Sent{ContactID: int64(c.ContactID)}
	if problem != "" {
		s.Status, s.Problem = http.StatusUnprocessableEntity, problem
		return s, store.Event{}, nil
	}
	link, err := b.Store.LinkOf(ctx, conn.ID, int64(c.ContactID), c.APIContactID)
	if err == nil && link.MojoContactID == 0 { // see learnID
		link.MojoContactID = int64(c.ContactID)
		err = b.Store.SaveLinks(ctx, conn.ID, []store.Link{link})
	}
	if err == nil && link.GoneAt.IsZero() {
		s.Status, s.ClientID, s.URL = http.StatusOK, link.ClientID, b.contactURL(link.ClientID)
		return s, store.Event{}, nil
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return s, store.Event{}, fmt.Errorf("find link: %w", err)
	}
	event, err := b.queueSent(ctx, conn, c, sentKey(conn.ID, int64(c.ContactID), link), raw, agent)
	return s, event, err
}

// readSent reads a contact that is to be sent, and says what is wrong with it.
func readSent(raw json.RawMessage) (c mojoContact, problem string) {
	err := json.Unmarshal(raw, &c)
	field, mistyped := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case mistyped && field.Field != "":
		return c, fmt.Sprintf("The contact can't be read: %s has the wrong type (%s).", field.Field, field.Value)
	case err != nil:
		return c, "The contact can't be read."
	case c.ContactID == 0:
		return c, "The contact has no contact_id."
	case joinWords(c.FullName) == "" && !slices.ContainsFunc(c.Media, func(m media) bool { return joinWords(m.Value) != "" }):
		return c, "The contact needs a name, a phone or an e-mail."
	}
	return c, ""
}

// queueSent stores the press, under its key: a second press is the same event, and tries it again, with what Mojo says now, if it needed
// a person.
func (b *Bridge) queueSent(ctx context.Context, conn store.Connection, c mojoContact, key string, raw, agent json.RawMessage) (store.Event, error) {
	if len(agent) == 0 {
		agent = json.RawMessage("null")
	}
	body, err := json.Marshal(map[string]json.RawMessage{
		"account_id": json.RawMessage(strconv.Quote(conn.MojoAccountID)), "agent": agent, "contact": raw,
	})
	if err != nil {
		return store.Event{}, fmt.Errorf("queue contact: %w", err)
	}
	press := store.Event{
		WebhookID: key, AccountID: conn.MojoAccountID, Type: eventSent,
		MojoContactID: int64(c.ContactID), APIContactID: c.APIContactID, ContactName: cut(joinWords(c.FullName), 200, "…"),
		Body: body, OccurredAt: b.now(), ReceivedAt: b.now(),
	}
	got, err := b.Store.ReceiveEvent(ctx, press, b.owner())
	if err != nil {
		return store.Event{}, fmt.Errorf("queue contact: %w", err)
	}
	if !got.New && got.Event.State == store.EventNeedsYou {
		press.ID = got.Event.ID // with the contact as it is now: what was wrong with it may be right
		if err := b.Store.RetellEvent(ctx, conn.ID, press, b.now()); err != nil && !errors.Is(err, store.ErrNotFound) {
			return store.Event{}, fmt.Errorf("queue contact: %w", err)
		}
		got.Event.State = store.EventWaiting
	}
	b.wakeMail(conn.ID)
	return got.Event, nil
}

// sentKey is the webhook-id of a press of the button: the contact, and of one that is gone in Wise Agent since when: what became of
// earlier presses is over then. The zero link is none.
func sentKey(connID string, mojoContactID int64, link store.Link) string {
	key := fmt.Sprintf("sent/%s/%d", connID, mojoContactID)
	if link.GoneAt.IsZero() {
		return key
	}
	return fmt.Sprintf("%s/%d", key, link.GoneAt.UnixMilli())
}

// awaitAll waits for the outcomes of those that were queued, side by side, and for sendWait at most.
func (b *Bridge) awaitAll(ctx context.Context, conn store.Connection, sent []Sent, events []store.Event) error {
	ctx, cancel := context.WithTimeout(ctx, sendWait)
	defer cancel()
	look := max(time.Second, time.Duration(len(sent))*sentLook)
	var all errgroup.Group
	for i, s := range sent {
		if s.Status != 0 {
			continue
		}
		all.Go(func() (err error) {
			sent[i], err = b.awaitSent(ctx, conn, s, events[i], look)
			return err
		})
	}
	return all.Wait()
}

// awaitSent waits until the contact is in Wise Agent, as long as ctx allows, and looks for it at least that often.
func (b *Bridge) awaitSent(ctx context.Context, conn store.Connection, s Sent, event store.Event, look time.Duration) (Sent, error) {
	changed, stop := b.watchers.add(event.ID)
	defer stop()
	for {
		now, err := b.Store.Event(context.WithoutCancel(ctx), event.ID)
		if err != nil {
			return s, fmt.Errorf("read event: %w", err)
		}
		switch now.State {
		case store.EventWritten:
			s.ClientID, s.URL, s.Status = now.ResultID, b.contactURL(now.ResultID), http.StatusCreated
			if now.Reason != "" { // it was there: see sent
				s.Status = http.StatusOK
			}
			return s, nil
		case store.EventNeedsYou, store.EventExcluded:
			s.Status, s.Problem = http.StatusUnprocessableEntity, now.Reason
			return s, nil
		}
		if now.Attempts > event.Attempts || b.waitsForSignIn(ctx, conn.ID) {
			s.Status = http.StatusAccepted // it is tried again by itself
			return s, nil
		}
		select {
		case <-changed:
		case <-time.After(look):
		case <-ctx.Done():
			s.Status = http.StatusAccepted
			return s, nil
		}
	}
}

func (b *Bridge) waitsForSignIn(ctx context.Context, connID string) bool {
	conn, err := b.Store.Connection(context.WithoutCancel(ctx), connID)
	return err == nil && conn.State == store.StateNeedsSignIn
}

// wasThere is why a sent contact was not made: Wise Agent had it. It is linked now.
const wasThere = "Was in Wise Agent already."

// sent makes the contact in Wise Agent, once, and links it.
func (e *effect) sent(ctx context.Context) error {
	c := e.told.Contact
	fresh, more := e.b.incoming(c)
	link, err := e.b.Store.LinkOf(ctx, e.conn.ID, int64(c.ContactID), c.APIContactID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		if err := e.create(ctx, fresh); err != nil {
			return err
		}
	case err != nil:
		return fmt.Errorf("read link: %w", err)
	case !link.GoneAt.IsZero():
		e.link = link
		if back, err := e.isBack(ctx); err != nil || back {
			return err
		}
		if err := e.create(ctx, fresh); err != nil {
			return err
		}
	case link.ClientID != e.event.ResultID: // not made by an earlier try
		e.link = link
		e.learnID()
		e.out.ResultID, e.out.Reason = link.ClientID, wasThere
		return nil
	default:
		e.link = link
	}
	if len(more) == 0 {
		return nil
	}
	_, err = e.addNote(ctx, "Mojo: more phones and e-mails", fmt.Sprintf("In Mojo, and without a free field in Wise Agent:\n%s\n\nMojo contact #%d",
		strings.Join(more, "\n"), c.ContactID))
	return err
}

// isBack tells whether Wise Agent has the contact again that was gone: somebody may have restored it.
func (e *effect) isBack(ctx context.Context) (bool, error) {
	err := e.isThere(ctx)
	if errors.Is(err, wiseagent.ErrUnknownContact) {
		return false, nil
	}
	if err == nil {
		e.out.ResultID, e.out.Reason = e.link.ClientID, wasThere
	}
	return err == nil, err
}

// create makes the contact, and the link. Who must not be called stays so, when an earlier contact is gone.
func (e *effect) create(ctx context.Context, fresh wiseagent.NewContact) error {
	if err := e.takeTurn(ctx, newcomer(fresh)); err != nil {
		return err
	}
	c := e.told.Contact
	team, err := e.teamID(ctx)
	if err != nil {
		return err
	}
	fresh.TeamID = team
	var id string
	var isNew bool
	began := e.b.now()
	err = e.wise(ctx, func(api *wiseagent.API) (err error) {
		if e.look {
			if id, err = e.findMade(ctx, api, fresh); err != nil || id != "" {
				return err
			}
		}
		id, isNew, err = api.CreateContact(ctx, fresh)
		return err
	})
	if err != nil {
		return err
	}
	if !isNew && !e.look {
		e.out.Reason = wasThere
	}
	apiID := c.APIContactID
	if !isNew { // a push may have brought it to Mojo, as another contact there
		links, err := e.b.Store.Links(ctx, e.conn.ID, []string{id})
		if err != nil {
			return fmt.Errorf("read links: %w", err)
		}
		apiID = cmp.Or(links[id].APIContactID, apiID)
	}
	e.link = store.Link{
		ClientID: id, MojoContactID: int64(c.ContactID), APIContactID: apiID, Source: store.LinkSent,
		DoNotCallAt: e.link.DoNotCallAt, CreatedAt: e.b.now(), PushedAt: e.b.now(),
	}
	e.out.ResultID = id
	e.out.Links = []store.Link{e.link}
	if isNew {
		seen := snapshotOf(freshlyMade(fresh, id))
		seen.SeenAt = began // it may have been edited since, as another contact in Mojo
		e.out.Snapshot = &seen
	}
	return nil
}

// freshlyMade is a contact as Wise Agent has it when it has just been made.
func freshlyMade(n wiseagent.NewContact, clientID string) wiseagent.Contact {
	return wiseagent.Contact{
		ClientID: clientID, First: n.First, Last: n.Last, Company: n.Company, Email: n.Email,
		HomePhone: n.HomePhone, MobilePhone: n.MobilePhone, WorkPhone: n.WorkPhone,
		AddressNumber: n.AddressNumber, AddressStreet: n.AddressStreet, SuiteNo: n.SuiteNo, City: n.City, State: n.State, Zip: n.Zip,
	}
}

// findMade looks for a contact whose making ended in doubt: by its e-mail and phones, or by its name when it has neither, and then
// among those only that have neither too and that nobody is linked with.
func (e *effect) findMade(ctx context.Context, api *wiseagent.API, fresh wiseagent.NewContact) (string, error) {
	for _, q := range queriesFor(fresh) {
		found, err := api.FindContacts(ctx, q)
		if err != nil {
			return "", fmt.Errorf("look for the contact: %w", err)
		}
		for _, c := range found {
			if !strings.EqualFold(joinWords(c.First, c.Last), joinWords(fresh.First, fresh.Last)) {
				continue
			}
			if q.Name == "" {
				return c.ClientID, nil
			}
			links, err := e.b.Store.Links(ctx, e.conn.ID, []string{c.ClientID})
			if err != nil {
				return "", fmt.Errorf("read links: %w", err)
			}
			if len(links) == 0 && c.Email+c.MobilePhone+c.HomePhone+c.WorkPhone == "" {
				return c.ClientID, nil
			}
		}
	}
	return "", nil
}

// queriesFor are the ways in which a contact that was just made can be found.
func queriesFor(c wiseagent.NewContact) (queries []wiseagent.Query) {
	if c.Email != "" {
		queries = append(queries, wiseagent.Query{Email: c.Email})
	}
	for _, phone := range []string{c.MobilePhone, c.HomePhone, c.WorkPhone} {
		if n, ok := tenDigits(phone); ok {
			queries = append(queries, wiseagent.Query{Phone: n})
		}
	}
	if len(queries) == 0 {
		queries = append(queries, wiseagent.Query{Name: joinWords(c.First, c.Last)})
	}
	return queries
}

// incoming is the Wise Agent contact made of a Mojo contact: name and address split, phones by type. more are the phones and
// e-mails that find no field, for a note.
func (b *Bridge) incoming(c mojoContact) (out wiseagent.NewContact, more []string) {
	first, last := splitName(c.FullName)
	number, street, suite := splitAddress(c.Address)
	out = wiseagent.NewContact{
		First: first, Last: last, Source: b.source(), AddressNumber: number, AddressStreet: street, SuiteNo: suite,
		City: joinWords(c.City), State: joinWords(c.State), Zip: joinWords(c.Zip),
	}
	if isCompany(c.FullName) {
		out.Company = joinWords(c.FullName)
	}
	more = append(placePhones(&out, c.Media), placeEmails(&out, c.Media)...)
	if out.First == "" {
		out.First, out.Last = unnamed(out), noLastName
	}
	return out, more
}

// placePhones puts numbers into their own fields, then the others into those that are left, and gives those that find none.
func placePhones(out *wiseagent.NewContact, all []media) (more []string) {
	slots := map[string]*string{partMobile: &out.MobilePhone, partHome: &out.HomePhone, partWork: &out.WorkPhone}
	var rest []string
	seen := map[string]bool{}
	for _, m := range all {
		n, ok := tenDigits(m.Value)
		own := slots[partFor(m.Type)]
		switch {
		case mojo.MediaType(m.Type) == mojo.MediaEmail || joinWords(m.Value) == "" || seen[n]:
		case !ok:
			more = append(more, "Phone: "+oneLine(m.Value, shortText))
		case own != nil && *own == "":
			*own, seen[n] = phoneText(n), true
		default:
			rest, seen[n] = append(rest, n), true
		}
	}
	for _, part := range phoneParts {
		if len(rest) > 0 && *slots[part] == "" {
			*slots[part], rest = phoneText(rest[0]), rest[1:]
		}
	}
	for _, n := range rest {
		more = append(more, "Phone: "+phoneText(n))
	}
	return more
}

// placeEmails puts the first e-mail into its field and gives the others.
func placeEmails(out *wiseagent.NewContact, all []media) (more []string) {
	for _, m := range all {
		email := oneLine(m.Value, shortText)
		switch {
		case mojo.MediaType(m.Type) != mojo.MediaEmail || email == "" || strings.EqualFold(email, out.Email):
		case out.Email == "":
			out.Email = email
		default:
			more = append(more, "E-mail: "+email)
		}
	}
	return more
}

// unnamed stands for the name of a contact that has none: both names are required.
func unnamed(c wiseagent.NewContact) string {
	for _, s := range []string{c.Email, c.MobilePhone, c.HomePhone, c.WorkPhone} {
		if s != "" {
			return s
		}
	}
	return "Mojo contact"
}

func (b *Bridge) source() string {
	if b.Source != "" {
		return b.Source
	}
	return "Mojo"
}
