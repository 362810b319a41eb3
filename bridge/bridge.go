// Package bridge holds the rules of Add to Mojo: how a Wise Agent account and a Mojo account are
// connected and parted, what a push sends and how it ends, how what happens in Mojo reaches Wise Agent,
// and the workers that do it.
//
// A [Bridge] is filled in by hand and started with [Bridge.Run]. Everything it is asked for is stored
// before it is answered; work is rows, and each connection's work is done by one worker at a time,
// here or in another process, under a lease (see worker.go).
//
//	connect.go      launch, Mojo sign-in, Wise Agent consent, joining both sides
//	credentials.go  calls with a fresh token, one refresh at a time
//	prefetch.go     contacts, notes and groups fetched ahead of the customer: fetch.go and fetchnotes.go read them
//	preflight.go    what a push would do, said before the button is pressed
//	contact.go      a Wise Agent contact as Mojo wants it
//	push.go         starting, watching, retrying and undoing a push
//	pusher.go       sending it: fetched and sent overlapped, resumed where it was; the stations are in
//	                pushgather.go, pushmark.go and pushsend.go, pushflag.go says who can't be dialed
//	undo.go         taking a push out of Mojo again
//	editsfirst.go   edits made in Mojo are delivered before a push overwrites them
//	hooks.go        what Mojo tells, stored before it is answered; hookjson.go and readonce.go read it
//	catchup.go      what it told and didn't arrive, from its feed
//	send.go         Send to Wise Agent, the button in Mojo's contact form
//	deliver.go      an event's way to Wise Agent: contacts side by side, each in order; news.go says where to look
//	effect.go       what an event does there: changes.go an edit (of parts.go), appointment.go an activity, notetext.go a note
//	rebuild.go      the links from what Wise Agent keeps of them
//	reset.go        Reset Credentials, by the customer or by Mojo, and the revoking behind it
//	switch.go       signing in as someone else, which must be confirmed
//	reconnect.go    the link that leads to a sign-in that is needed
//	notice.go       telling people outside the popup: noticewords.go says what, noticehook.go and mailer.go how
//	worker.go       leases, waking, sweeps, housekeeping
//	background.go   work that outlives the request that began it
//	patience.go     Mojo asked to be left alone
//	pulse.go        how the ways of a connection go, remembered for people
//	probe.go        whether the partners answer, asked on purpose
//	standing.go     how a connection stands, the same for customer and support
//	findings.go     what is wrong with it, and what to do about it
//	meter.go        what is counted for whoever runs the service
//
// It knows no HTTP of ours and no SQL.
package bridge

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"addtomojo/mojo"
	"addtomojo/store"
	"addtomojo/wiseagent"

	"golang.org/x/sync/singleflight"
)

// Bridge joins the two partners. Store, Mojo, Wise and BaseURL are required; the other fields have
// useful zero values. A Bridge must not be copied.
type Bridge struct {
	Store *store.Store
	Mojo  *mojo.Client
	Wise  *wiseagent.Client

	BaseURL            string   // our own origin, e.g. https://addtomojo.example.com
	DialerURL          string   // template of the landing page; "" is DefaultDialerURL
	RefusedPermissions []string // Mojo permissions that must not connect; nil is dialing_rep alone
	DoNotCallCategory  string   // Wise Agent category of contacts that must not be called; "" = none
	BadNumberCategory  string   // Wise Agent category of contacts with a bad number; "" = none
	Source             string   // of contacts that come from Mojo; "" is Mojo
	BatchSize          int      // contacts in one bulk create; 0 is 100
	MailAtOnce         int      // deliveries of one connection at Wise Agent side by side; 0 is 8
	NotesAhead         int      // selections up to this size have their notes fetched before the button is pressed; 0 is 500
	// EditPatience is for how long one run of a push waits, all its batches together, for edits made in Mojo to reach Wise Agent;
	// 0 is 10 seconds.
	EditPatience time.Duration
	// KeepEvent stores what Mojo told us and is [store.Store.ReceiveEvent] when it is nil. A measurement puts in what that is
	// measured against.
	KeepEvent func(ctx context.Context, e store.Event, holder string) (store.Received, error)

	// ResetGrace is how long what waits may still be delivered when a connection is reset; 0 is 10 seconds.
	ResetGrace time.Duration
	// PushWaits are the waits after each failed try of a push, the last one repeated; nil is a schedule from a
	// second to ten minutes: a person looks on, so it begins short.
	PushWaits []time.Duration
	// ProbeLook is how often the service looks for partners that are silent and should be asked again; 0 is 15 seconds.
	ProbeLook time.Duration
	// FeedLook is how often the service looks whose feed of Mojo's events is due; 0 is 10 seconds.
	FeedLook time.Duration
	// ReadWaits are the waits between the tries of one read from Wise Agent; nil is 0.3, 1 and 3 seconds.
	ReadWaits []time.Duration

	NoticeHook  *NoticeHook   // nil sends no webhooks
	Mailer      *Mailer       // nil sends no e-mails
	NoticeAfter time.Duration // how long a connection needs a sign-in before people are told; 0 is 5 minutes

	Meter Meter            // nil counts nothing
	Log   *slog.Logger     // nil is slog.Default()
	Now   func() time.Time // nil is time.Now

	prefetches prefetches
	watchers   watchers
	workers    workers
	leases     leases
	breakers   breakers
	unstored   events // deliveries whose outcome the database didn't take
	teams      teams
	pulses     pulses
	background background
	recent     recent
	readOnce   readOnce
	refreshes  singleflight.Group
	patience   patience
	sizes      batchSizes

	ownerOnce sync.Once
	ownerName string
}

// DefaultDialerURL is My Data with the group preselected (Mojo's API, part B4).
const DefaultDialerURL = "{account_url}/my-data/?group_id={group_id}"

func (b *Bridge) now() time.Time {
	if b.Now != nil {
		return b.Now()
	}
	return time.Now()
}

func (b *Bridge) log() *slog.Logger {
	if b.Log != nil {
		return b.Log
	}
	return slog.Default()
}

func (b *Bridge) pushWait(attempt int) time.Duration {
	waits := b.PushWaits
	if waits == nil {
		waits = []time.Duration{
			time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second,
			time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute,
		}
	}
	return waits[min(attempt-1, len(waits)-1)]
}

func (b *Bridge) mailAtOnce() int {
	if b.MailAtOnce > 0 {
		return b.MailAtOnce
	}
	return mailAtOnce
}

// wiseZone is the zone of Wise Agent's Call List dates.
func (b *Bridge) wiseZone() *time.Location {
	if b.Wise.TimeZone != nil {
		return b.Wise.TimeZone
	}
	return arizona
}

// arizona has no daylight-saving time.
var arizona = time.FixedZone("MST", -7*60*60)

func (b *Bridge) readWaits() []time.Duration {
	if b.ReadWaits != nil {
		return b.ReadWaits
	}
	return []time.Duration{300 * time.Millisecond, time.Second, 3 * time.Second}
}

func (b *Bridge) notesAhead() int {
	if b.NotesAhead > 0 {
		return b.NotesAhead
	}
	return 500
}

func (b *Bridge) editPatience() time.Duration {
	if b.EditPatience > 0 {
		return b.EditPatience
	}
	return 10 * time.Second
}

func (b *Bridge) batchSize() int {
	if b.BatchSize > 0 {
		return b.BatchSize
	}
	return 100
}
