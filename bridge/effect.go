package bridge

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"addtomojo/store"
	"addtomojo/wiseagent"
)

// An effect is one event on its way into Wise Agent: what is known of it, and what has come of it.
type effect struct {
	b     *Bridge
	conn  store.Connection
	event store.Event
	told  told
	known *store.Link // the link as it was read ahead; nil when it must be read
	link  store.Link
	look  bool // a write may have happened before: look before repeating it
	turns *turns
	over  func() // ends its turn, when the outcome is stored; nil when it took none
	out   store.Outcome

	named    int  // the team member that it was written for; 0 is nobody
	answered bool // Wise Agent did, with a yes or a no
	there    bool // it has the link's contact
}

// wise calls Wise Agent for the event.
func (e *effect) wise(ctx context.Context, call func(*wiseagent.API) error) error {
	err := e.b.withWise(ctx, e.conn.ID, call)
	e.answered = e.answered || err == nil || refusalReason(err) != ""
	return err
}

// about is wise for what Wise Agent does only for the link's contact: a yes means that the contact is there.
func (e *effect) about(ctx context.Context, call func(*wiseagent.API) error) error {
	err := e.wise(ctx, call)
	e.there = e.there || err == nil
	return err
}

// excludedError ends an event without a write, with the reason in plain words.
type excludedError struct{ reason string }

func (e *excludedError) Error() string { return "excluded: " + e.reason }

// needsYouError ends an event that only a person can help.
type needsYouError struct{ reason string }

func (e *needsYouError) Error() string { return "needs a person: " + e.reason }

// waitError puts an event off that nothing is wrong with, with the reason in plain words.
type waitError struct {
	reason string
	after  time.Duration
}

func (e *waitError) Error() string { return "waits: " + e.reason }

// restError is what keeps the rest of an event out of Wise Agent, after a part of it was written.
type restError struct {
	standing string // in plain words, a sentence and a space
	err      error
}

func (e *restError) Error() string { return e.err.Error() }
func (e *restError) Unwrap() error { return e.err }

// standing says what is written of an event that failed, "" when nothing is.
func standing(err error) string {
	var rest *restError
	if errors.As(err, &rest) {
		return rest.standing
	}
	return ""
}

// What becomes of events that don't reach Wise Agent, or not as a whole, in the words of the activity page.
const (
	notLinked     = "Not a contact that you sent from or to this Wise Agent account."
	fromUs        = "Came from Wise Agent in the first place."
	olderChange   = "A newer change of the same contact came first."
	olderActivity = "A newer change of the same activity came first."
	olderEdit     = "A newer edit of the same note came first."
	undatedEdit   = "Mojo didn't say when this edit was made. The last one whose time it told stays."
	neverWritten  = "Was never in your Call List."
	takenOut      = "Is no longer in your Call List."
	noteDeleted   = "The note was deleted in Wise Agent."
	staysInWise   = "Removed in Mojo. In Wise Agent it stays."
	someStays     = "Removed in Mojo, still in Wise Agent: %s." // the rest is written
	nothingForUs  = "Nothing in it goes to Wise Agent."
	longAgo       = "From before this connection."
	signedInSince = "From before you signed in with Mojo again."
	endedByMojo   = "You ended the connection in Mojo."
	contactGone   = "The contact is no longer in Wise Agent. Send it again from Mojo's contact form, then press Retry."
	notSentYet    = "The contact is not in Wise Agent yet: sending it needs you, too. Press Retry there first."
	noDate        = "The activity has no date that we could read. Give it one in Mojo, then press Retry."
	unreadable    = "Mojo sent something that we couldn't read."
)

// apply brings the event into Wise Agent. It may be called again after any error: what is written already is found.
func (e *effect) apply(ctx context.Context) error {
	err := e.bring(ctx)
	if err == nil || e.named == 0 || e.out.ResultID != "" || !unexplained(err) {
		return err
	}
	// It may be about the team member, whom we remember and who may have left meanwhile.
	switch other, failed := e.otherMember(ctx); {
	case failed != nil:
		return failed
	case other:
		return e.bring(ctx)
	}
	return err
}

func (e *effect) bring(ctx context.Context) error {
	if err := e.read(); err != nil {
		return &needsYouError{unreadable}
	}
	if e.event.Type == eventSent {
		return e.sent(ctx)
	}
	if lack := e.told.lack(e.event.Type); lack != "" {
		return &needsYouError{unreadable + " It lacks: " + lack + "."}
	}
	if field := e.told.unreadable(); field != "" {
		return &needsYouError{unreadable + " It is the new " + field + "."}
	}
	if err := e.findLink(ctx); err != nil {
		return err
	}
	if e.event.Type == eventCall { // it adds to a person what nothing else knows of
		return e.call(ctx)
	}
	if err := e.takeTurn(ctx, e.link.ClientID); err != nil {
		return err
	}
	switch e.event.Type {
	case eventContact:
		return e.contact(ctx)
	case eventNoteMade, eventNoteChanged:
		return e.note(ctx)
	case eventPlanned, eventMoved, eventCompleted, eventDeleted:
		return e.activity(ctx)
	}
	return &excludedError{"Not a kind of event that goes to Wise Agent."}
}

// takeTurn waits until what others make of somebody is stored. An event that is stopped meanwhile has written nothing: it only waits.
func (e *effect) takeTurn(ctx context.Context, whom string) error {
	if e.over != nil { // it is the second time, see apply
		return nil
	}
	over, err := e.turns.take(ctx, whom)
	if err != nil {
		return &waitError{"Waits for what came before it about the same person.", 0}
	}
	e.over = over
	return nil
}

// read makes the event's data known.
func (e *effect) read() (err error) {
	t, ok := e.b.readOnce.take(e.event.ID)
	if !ok {
		t, err = readTold(e.event.Body)
	}
	e.told = t
	return err
}

// findLink makes known whom the event is about.
func (e *effect) findLink(ctx context.Context) (err error) {
	if e.known != nil && int64(e.told.Contact.ContactID) == e.known.MojoContactID {
		e.link = *e.known
		return nil
	}
	e.link, err = e.b.linkOf(ctx, e.conn.ID, e.told.Contact)
	if err == nil {
		e.learnID()
	}
	return err
}

// learnID keeps the contact's id in Mojo, where a push wasn't told it: the button in the contact form knows nothing else.
func (e *effect) learnID() {
	if id := int64(e.told.Contact.ContactID); e.link.MojoContactID == 0 && id != 0 {
		e.link.MojoContactID = id
		e.learned().MojoContactID = id
	}
}

// learned is what is to be stored of the link, over what is known of it. The database takes a link once in an outcome.
func (e *effect) learned() *store.Link {
	if len(e.out.Links) == 0 {
		e.out.Links = []store.Link{{ClientID: e.link.ClientID, GoneAt: e.link.GoneAt}}
	}
	return &e.out.Links[0]
}

// learnGone keeps that Wise Agent has the contact no more, by the error that ended the event, or that it has it again.
func (e *effect) learnGone(err error) {
	gone, known := errors.Is(err, wiseagent.ErrUnknownContact), !e.link.GoneAt.IsZero()
	switch {
	case e.link.ClientID == "":
	case gone && !known:
		e.learned().GoneAt = e.b.now()
	case e.there && !gone && known:
		e.learned().GoneAt = time.Time{}
	}
}

// beforeConnection tells whether something happened before the connection was made. A minute is for clocks that differ.
func beforeConnection(conn store.Connection, at time.Time) bool {
	return !at.IsZero() && at.Before(conn.CreatedAt.Add(-time.Minute))
}

// beforeSignIn tells whether something happened before a person last signed in on Mojo's side. With the minute for clocks that differ,
// an end right before a sign-in still counts: what Mojo says of an end is left out only when it is surely old.
func beforeSignIn(conn store.Connection, at time.Time) bool {
	return !at.IsZero() && at.Before(conn.MojoSignedInAt.Add(-time.Minute))
}

// linkOf finds whom an event is about. An api_contact_id alone proves nothing: only links of this connection count.
func (b *Bridge) linkOf(ctx context.Context, connID string, c mojoContact) (store.Link, error) {
	link, err := b.Store.LinkOf(ctx, connID, int64(c.ContactID), c.APIContactID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return link, b.notLinked(ctx, connID, c)
	case err != nil:
		return link, fmt.Errorf("read link: %w", err)
	}
	return link, nil
}

// underwayAgain is how soon an event is looked at again whose contact is on its way.
const underwayAgain = 5 * time.Second

// notLinked says what becomes of an event about a contact without a link. One that a push may just have brought to Mojo gets its
// link when the push knows; until then its events wait. One that the customer sent and Wise Agent didn't take gets it with a Retry,
// which the events then need as well.
func (b *Bridge) notLinked(ctx context.Context, connID string, c mojoContact) error {
	underway, err := b.Store.Underway(ctx, connID, c.APIContactID)
	switch {
	case err != nil:
		return fmt.Errorf("look for a push: %w", err)
	case underway:
		return &waitError{"Waits for the push that brings the contact to Mojo.", underwayAgain}
	}
	sent, err := b.Store.EventByWebhook(ctx, sentKey(connID, int64(c.ContactID), store.Link{}))
	switch {
	case err == nil && sent.State == store.EventNeedsYou:
		return &needsYouError{notSentYet}
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("look for the contact's sending: %w", err)
	}
	return &excludedError{notLinked}
}

// call logs a call result as a note, and marks the contact where the result asks for it. The note comes first: a category that Wise
// Agent doesn't take must not keep the call out.
func (e *effect) call(ctx context.Context) error {
	c := e.told.Call
	if doNotCallResults[c.Result] {
		e.learned().DoNotCallAt = e.b.now()
	}
	if err := e.logCall(ctx); err != nil {
		return err
	}
	for _, category := range e.b.categoriesOf(c.Result) {
		if err := e.addToCategory(ctx, category); err != nil {
			return &restError{fmt.Sprintf("The note is written, the category %q isn't set. ", category), err}
		}
	}
	return nil
}

// logCall writes the call's note, unless an earlier try did. When the contact was made after the call came, that note may have gone
// with the contact before it: it is looked for.
func (e *effect) logCall(ctx context.Context) error {
	if id, _ := strconv.ParseInt(e.event.ResultID, 10, 64); id != 0 {
		if !e.link.CreatedAt.After(e.event.ReceivedAt) {
			return nil
		}
		e.look = true
	}
	subject, body := callNote(e.callText())
	id, err := e.addNote(ctx, subject, body)
	if err == nil {
		e.out.ResultID = fmt.Sprint(id)
	}
	return err
}

// doNotCallResults are the results after which nobody of the contact's numbers, or this one, may be dialed.
var doNotCallResults = map[string]bool{"dnc_contact": true}

// categoriesOf are the categories that a result adds, by the settings.
func (b *Bridge) categoriesOf(result string) []string {
	category := ""
	switch result {
	case "dnc_contact", "dnc_number":
		category = b.DoNotCallCategory
	case "bad_number":
		category = b.BadNumberCategory
	}
	if category == "" {
		return nil
	}
	return []string{category}
}

// addToCategory puts the contact into a category, which is made when it isn't there. Doing it twice does no harm.
func (e *effect) addToCategory(ctx context.Context, category string) error {
	return e.about(ctx, func(api *wiseagent.API) error {
		err := api.AddToCategory(ctx, category, e.link.ClientID)
		var refused *wiseagent.RefusedError
		if !errors.As(err, &refused) {
			return err
		}
		if err := api.EnsureCategory(ctx, category); err != nil {
			return err
		}
		return api.AddToCategory(ctx, category, e.link.ClientID)
	})
}

// cmpErr is err, or otherwise when there is none.
func cmpErr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// contact writes an edit of name, address, phones or e-mails. What pushes saw is read last: one may be ending just now.
func (e *effect) contact(ctx context.Context) error {
	var now wiseagent.Contact
	err := e.about(ctx, func(api *wiseagent.API) (err error) {
		now, err = api.Contact(ctx, e.link.ClientID)
		return err
	})
	if err != nil {
		return err
	}
	snapshot, err := e.b.Store.Snapshot(ctx, e.conn.ID, e.link.ClientID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("read snapshot: %w", err)
	}
	v := weigh(now, e.told.Contact, snapshot.Before(e.event.ReceivedAt), e.told.Revision, e.told.Changes)
	if len(v.Set) > 0 {
		err := e.wise(ctx, func(api *wiseagent.API) error { return api.UpdateContact(ctx, e.link.ClientID, v.Set) })
		if err != nil {
			return err
		}
	}
	switch {
	case len(v.Seen) > 0:
	case v.Stale:
		return &excludedError{olderChange}
	case v.Removed:
		return &excludedError{staysInWise}
	case v.Ours:
		return &excludedError{fromUs}
	default:
		return &excludedError{nothingForUs}
	}
	if len(v.Remarks) > 0 {
		subject, body := changeNote(v.Remarks, int64(e.told.Contact.ContactID), e.told.Revision)
		id, err := e.addNote(ctx, subject, body)
		if err != nil { // what is set is ours all the same, and the edit isn't dealt with
			e.out.Snapshot = &store.Snapshot{ClientID: e.link.ClientID, Fields: v.undealt()}
			return err
		}
		e.out.ResultID = fmt.Sprint(id)
	}
	e.out.Snapshot = &store.Snapshot{ClientID: e.link.ClientID, Fields: v.Seen}
	if len(v.Stays) > 0 {
		e.out.Reason = fmt.Sprintf(someStays, strings.Join(v.Stays, ", "))
	}
	return nil
}

// changeNote says which values found no free place.
func changeNote(remarks []string, contactID, revision int64) (subject, body string) {
	return "Mojo: contact changed", fmt.Sprintf("Changed in Mojo. What Wise Agent has there stays as it is:\n%s\n\nMojo contact #%d.%d",
		strings.Join(remarks, "\n"), contactID, revision)
}
