package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"addtomojo/store"
)

// ErrHookUnreadable says that a hook's body is not what Mojo's API promises (part B5); nothing of it was kept.
var ErrHookUnreadable = errors.New("the hook can't be read")

// Receive stores what Mojo told us and has it delivered. When it returns nil the event is on disk, once, however often it
// came. webhookID is the hook's id, the key by which doubles are known. What can be read of the envelope only is kept too: a
// person can look at it.
func (b *Bridge) Receive(ctx context.Context, webhookID string, body []byte) error {
	hook, about, err := readHook(body)
	isNew := false
	if err == nil {
		isNew, err = b.receive(ctx, webhookID, hook, about)
	}
	b.meter().Hook(hookOutcome(isNew, err))
	return err
}

// receive tells whether the event is new.
func (b *Bridge) receive(ctx context.Context, webhookID string, hook envelope, about about) (isNew bool, err error) {
	contact, now := about.Contact, b.now()
	if hook.Timestamp.IsZero() {
		hook.Timestamp.Time = now // see toldAt
	}
	keep := b.KeepEvent
	if keep == nil {
		keep = b.Store.ReceiveEvent
	}
	got, err := keep(ctx, store.Event{
		WebhookID: webhookID, AccountID: string(about.AccountID), Type: cut(printable(hook.Type), 60, "…"),
		MojoContactID: int64(contact.ContactID), APIContactID: contact.APIContactID,
		ContactName: cut(joinWords(contact.FullName), 200, "…"),
		Body:        hook.Data, OccurredAt: hook.Timestamp.Time, ReceivedAt: now, Doubt: hook.doubt,
	}, b.owner())
	if err != nil {
		return false, fmt.Errorf("receive event: %w", err)
	}
	if got.Event.ConnectionID != "" {
		b.pulses.felt(got.Event.ConnectionID, store.WayHooks, nil, b.now())
	}
	switch {
	case got.New && got.Event.State == store.EventExcluded:
		b.meter().Event(got.Event.Type, got.Event.State, 0)
	case got.Event.State != store.EventWaiting:
	case got.Event.Type == eventDisconnected:
		b.disconnected(ctx, got.Event)
	case got.New:
		if got.Event.ClaimedBy == b.owner() { // it is delivered here
			b.readOnce.keep(got.Event.ID, hook.told, len(hook.Data))
		}
		b.wakeContact(got.Event.ConnectionID, got.Event.ContactKey())
	}
	return got.New, nil
}

// about is what has to be known of an event before it is stored: whose it is, and whom it is about.
type about struct {
	AccountID text         `json:"account_id"`
	Contact   aboutContact `json:"contact"`
}

type aboutContact struct {
	ContactID    number `json:"contact_id"`
	APIContactID string `json:"api_contact_id"`
	FullName     string `json:"full_name"`
}

func aboutOf(t told) about {
	c := t.Contact
	return about{AccountID: t.AccountID, Contact: aboutContact{c.ContactID, c.APIContactID, c.FullName}}
}

// readAbout reads that from an event's data, the contact as far as it can be read: whoever delivers it finds what is wrong.
func readAbout(data []byte) (a about, err error) {
	var mistyped *json.UnmarshalTypeError // the rest has been read all the same
	if err := json.Unmarshal(data, &a); err != nil && !errors.As(err, &mistyped) || a.AccountID == "" {
		return a, ErrHookUnreadable
	}
	return a, nil
}

// Mail is what Mojo told about a customer's contacts: how it all stands, and a page of it.
type Mail struct {
	Ledger store.Ledger
	Events []store.Event // the newest first
}

// Mail reads the ledger of a connection and the events that the filter asks for.
func (b *Bridge) Mail(ctx context.Context, conn store.Connection, f store.EventFilter) (Mail, error) {
	ledger, err := b.Store.Ledger(ctx, conn.ID)
	if err != nil {
		return Mail{}, fmt.Errorf("read ledger: %w", err)
	}
	events, err := b.Store.Events(ctx, conn.ID, f)
	if err != nil {
		return Mail{}, fmt.Errorf("read events: %w", err)
	}
	return Mail{Ledger: ledger, Events: events}, nil
}

// RetryEvent delivers an event again that needed a person; store.ErrNotFound when the connection has none such.
func (b *Bridge) RetryEvent(ctx context.Context, conn store.Connection, eventID string) error {
	if err := b.Store.RetryEvent(ctx, conn.ID, eventID, b.now()); err != nil {
		return fmt.Errorf("retry event: %w", err)
	}
	b.wakeMail(conn.ID)
	return nil
}

// RetryEvents delivers all events again that needed a person and were received at since or later, and tells how many.
func (b *Bridge) RetryEvents(ctx context.Context, conn store.Connection, since time.Time) (int, error) {
	n, err := b.Store.RetryEvents(ctx, conn.ID, since, b.now())
	if err != nil {
		return 0, fmt.Errorf("retry events: %w", err)
	}
	b.wakeMail(conn.ID)
	return n, nil
}

// ErrTimeZone says that a name is no time zone.
var ErrTimeZone = errors.New("not a time zone")

// SetTimeZone sets the zone in which notes tell the time; zone is an IANA name.
func (b *Bridge) SetTimeZone(ctx context.Context, conn store.Connection, zone string) error {
	if _, err := time.LoadLocation(zone); err != nil || zone == "" || zone == "Local" {
		return ErrTimeZone
	}
	return b.Store.SetTimeZone(ctx, conn.ID, zone)
}
