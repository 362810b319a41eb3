package bridge

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"addtomojo/store"
)

// undoTime is how long after its end a push can be undone.
const undoTime = 24 * time.Hour

// StartPush is one press of the button.
type StartPush struct {
	ID               string // the one-time key of the form: a second press with it is the same push
	LaunchID         string
	GroupID          int64
	IncludeDoNotCall bool
}

// StartPush stores a push with all its contacts and wakes the worker. The error is ErrGroupGone, or
// store.ErrPushKeyTaken when the key belongs to somebody else's push.
func (b *Bridge) StartPush(ctx context.Context, conn store.Connection, in StartPush) (store.Push, error) {
	launch, err := b.Store.Launch(ctx, in.LaunchID)
	if err != nil {
		return store.Push{}, fmt.Errorf("read launch: %w", err)
	}
	group, err := b.group(ctx, conn, in.GroupID)
	if err != nil {
		return store.Push{}, err
	}
	contacts := b.pushContacts(conn, launch)
	push, created, err := b.Store.CreatePush(ctx, store.Push{
		ID: in.ID, ConnectionID: conn.ID, LaunchID: launch.ID,
		GroupID: group.ID, GroupName: group.Name, IncludeDoNotCall: in.IncludeDoNotCall,
		State: store.PushWaiting, Total: len(contacts), CreatedAt: b.now(), NextAt: b.now(),
	}, contacts)
	if err != nil {
		return store.Push{}, fmt.Errorf("store push: %w", err)
	}
	if created {
		b.log().Info("push begins", "push", push.ID, "connection", conn.ID, "contacts", push.Total)
		b.meter().PushBegun()
		b.wake(conn.ID)
	}
	return push, nil
}

// pushContacts are the rows of a new push, with the names that are at hand: a push may stop before it has fetched them.
func (b *Bridge) pushContacts(conn store.Connection, launch store.Launch) []store.PushContact {
	from := b.selectionFor(conn, launch.ID)
	contacts := make([]store.PushContact, len(launch.Contacts))
	for i, id := range launch.Contacts {
		contacts[i] = store.PushContact{Position: i, ClientID: id, APIContactID: apiContactID(id), State: store.ContactWaiting}
		if from == nil {
			continue
		}
		if f, underWay := from.peek(id); underWay == nil {
			contacts[i].Name = personName(f, id)
		}
	}
	return contacts
}

// group finds a group of the customer, asking Mojo when the stored list does not know it.
func (b *Bridge) group(ctx context.Context, conn store.Connection, id int64) (store.Group, error) {
	for _, fresh := range []bool{false, true} {
		groups, err := b.Groups(ctx, conn, fresh)
		if err != nil {
			return store.Group{}, err
		}
		if i := slices.IndexFunc(groups, func(g store.Group) bool { return g.ID == id }); i >= 0 {
			return groups[i], nil
		}
	}
	return store.Group{}, ErrGroupGone
}

// Progress is how a push stands, read from its rows.
type Progress struct {
	Push      store.Push
	All       store.Counts // over all its contacts
	Run       store.Counts // over those of the present run: all of them first, the repeated ones after a Retry
	Landing   string       // the powerdialer with the group preselected
	UndoUntil time.Time    // zero when it can't be undone
	Ahead     store.Push   // the one that it waits for, to be sent or undone, as one goes at a time; zero when it waits for none
	GroupGone bool         // the push is over, and Mojo has its group no more: a Retry can't help
}

// Stopping tells that the customer has stopped the push while a batch was at Mojo, which is waited for.
func (p Progress) Stopping() bool {
	return p.Push.State == store.PushSending && !p.Push.StopAskedAt.IsZero()
}

// CanStop tells whether there is something that the customer can still stop.
func (p Progress) CanStop() bool {
	s := p.Push.State
	return (s == store.PushWaiting || s == store.PushSending || s == store.PushPaused) && p.Push.StopAskedAt.IsZero()
}

// Ended tells that nothing more happens by itself.
func (p Progress) Ended() bool { return ended(p.Push.State) }

func ended(s store.PushState) bool {
	return s == store.PushDone || s == store.PushStopped || s == store.PushUndone
}

// Progress reads how a push of the connection stands; store.ErrNotFound for anybody else's.
func (b *Bridge) Progress(ctx context.Context, conn store.Connection, pushID string) (Progress, error) {
	push, err := b.Store.Push(ctx, pushID)
	if err != nil {
		return Progress{}, fmt.Errorf("read push: %w", err)
	}
	if push.ConnectionID != conn.ID {
		return Progress{}, store.ErrNotFound
	}
	p := Progress{Push: push}
	if p.All, p.Run, err = b.Store.PushCounts(ctx, pushID); err != nil {
		return Progress{}, fmt.Errorf("count push: %w", err)
	}
	if p.Landing, err = landing(b.DialerURL, conn.MojoAccountURL, push.GroupID); err != nil {
		return Progress{}, err
	}
	if p.Ahead, err = b.ahead(ctx, push); err != nil && !errors.Is(err, store.ErrNotFound) {
		return Progress{}, fmt.Errorf("read push ahead: %w", err)
	}
	if over := push.State == store.PushDone || push.State == store.PushStopped; !over { // also one whose undoing was given up
		return p, nil
	}
	if conn.Ending() { // nothing more can be done with the push, and the groups are forgotten
		return p, nil
	}
	if p.GroupGone, err = b.groupGone(ctx, conn, push.GroupID); err != nil {
		return Progress{}, err
	}
	if end := push.FinishedAt.Add(undoTime); b.now().Before(end) && p.All.Added+p.All.Updated > 0 && !p.GroupGone {
		p.UndoUntil = end
	}
	return p, nil
}

// ahead is the push that another one waits for, to be sent or to be undone; store.ErrNotFound when there is none.
func (b *Bridge) ahead(ctx context.Context, push store.Push) (store.Push, error) {
	switch push.State {
	case store.PushWaiting:
		return b.Store.PushAhead(ctx, push)
	case store.PushUndoing:
		return b.Store.PushAtWork(ctx, push)
	}
	return store.Push{}, store.ErrNotFound
}

// groupGone tells whether Mojo lacked the group when it was last asked for all of them.
func (b *Bridge) groupGone(ctx context.Context, conn store.Connection, id int64) (bool, error) {
	groups, at, err := b.Store.Groups(ctx, conn.ID)
	if err != nil {
		return false, fmt.Errorf("read groups: %w", err)
	}
	return !at.IsZero() && !slices.ContainsFunc(groups, func(g store.Group) bool { return g.ID == id }), nil
}

// landing fills in the template of the landing page. Only the account's own host is ever gone to.
func landing(template, accountURL string, groupID int64) (string, error) {
	origin, err := accountOrigin(accountURL)
	if err != nil {
		return "", err
	}
	if template == "" {
		template = DefaultDialerURL
	}
	filled := strings.NewReplacer("{account_url}", origin, "{group_id}", strconv.FormatInt(groupID, 10)).Replace(template)
	u, err := url.Parse(filled)
	if err != nil || u.User != nil || u.Scheme+"://"+u.Host != origin {
		return "", errors.New("MOJO_DIALER_URL leads away from the account's own host")
	}
	return filled, nil
}

// accountOrigin checks the address of a Mojo account's host: https, or http on loopback, and nothing else.
func accountOrigin(accountURL string) (string, error) {
	u, err := url.Parse(accountURL)
	switch {
	case err != nil || u.Host == "" || u.User != nil:
		return "", errors.New("the Mojo account has no usable address")
	case u.Scheme == "https", u.Scheme == "http" && isLoopback(u.Hostname()):
		return u.Scheme + "://" + u.Host, nil
	}
	return "", errors.New("the Mojo account's address is not https")
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// RetryFailed sends a push's failed contacts again and tells how many. The error is ErrGroupGone when there is no group for them
// any more.
func (b *Bridge) RetryFailed(ctx context.Context, conn store.Connection, push store.Push) (int, error) {
	gone, err := b.groupGone(ctx, conn, push.GroupID)
	if err != nil {
		return 0, err
	}
	if gone {
		return 0, ErrGroupGone
	}
	n, err := b.Store.RetryPush(ctx, push.ID, b.now())
	if err != nil {
		return 0, fmt.Errorf("retry push: %w", err)
	}
	if n > 0 {
		b.meter().PushBegun()
	}
	b.watchers.tell(push.ID)
	b.wake(push.ConnectionID)
	return n, nil
}

// StopPush has a push stopped by its customer: nothing more of it is sent, wherever it is being sent. A batch that is at Mojo just
// now comes to its end and counts; [Progress] tells when that is. Stopping twice, or what is over, changes nothing.
func (b *Bridge) StopPush(ctx context.Context, push store.Push) error {
	stopped, err := b.Store.StopPush(ctx, push.ID, b.now())
	if err != nil {
		return fmt.Errorf("stop push: %w", err)
	}
	if stopped {
		b.log().Info("push stops", "push", push.ID, "why", customerStops)
		b.meter().PushEnded(store.PushStopped)
	}
	b.watchers.tell(push.ID)
	b.wake(push.ConnectionID)
	return nil
}

// customerStops is why a push stops, for the log.
const customerStops = "the customer wants it"

// Undo takes out of the group what a push put in, once it is over. The error is store.ErrTooLate after 24 hours, and
// store.ErrStale while the push is being sent.
func (b *Bridge) Undo(ctx context.Context, push store.Push) error {
	if err := b.Store.UndoPush(ctx, push.ID, b.now(), b.now().Add(-undoTime)); err != nil {
		return fmt.Errorf("undo push: %w", err)
	}
	b.watchers.tell(push.ID)
	b.wake(push.ConnectionID)
	return nil
}

// Watch tells when a push has moved on in this process. A signal may stand for several changes; stop
// ends it. Changes in other processes are found by reading [Bridge.Progress] now and then.
func (b *Bridge) Watch(pushID string) (changed <-chan struct{}, stop func()) {
	return b.watchers.add(pushID)
}

// watchers are those who look at a push right now.
type watchers struct {
	mu     sync.Mutex
	byPush map[string]map[chan struct{}]bool
}

func (w *watchers) add(pushID string) (<-chan struct{}, func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.byPush == nil {
		w.byPush = make(map[string]map[chan struct{}]bool)
	}
	if w.byPush[pushID] == nil {
		w.byPush[pushID] = make(map[chan struct{}]bool)
	}
	ch := make(chan struct{}, 1)
	w.byPush[pushID][ch] = true
	return ch, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.byPush[pushID], ch)
		if len(w.byPush[pushID]) == 0 {
			delete(w.byPush, pushID)
		}
	}
}

func (w *watchers) tell(pushID string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for ch := range w.byPush[pushID] {
		select {
		case ch <- struct{}{}:
		default: // already told
		}
	}
}
