package bridge

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"addtomojo/mojo"
	"addtomojo/store"
	"addtomojo/wiseagent"

	"golang.org/x/sync/errgroup"
)

// customKey is the custom field in Wise Agent that keeps the id of the same person in Mojo.
const customKey = "MojoContactID"

const (
	customsAtOnce = 4
	customsBatch  = 40
)

// keepCustoms writes the Mojo ids of linked contacts into Wise Agent, a batch of them, so that the links can be rebuilt when our
// database is lost. It tells whether there may be more. It is nobody's hurry: it is done when nothing else is to do. What Wise Agent
// doesn't take has to wait, longer each time, and the others come first; where it takes none of a batch, it is left in peace.
func (b *Bridge) keepCustoms(ctx context.Context, connID string) (more bool, err error) {
	links, err := b.Store.LinksWithoutCustom(ctx, connID, b.now(), customsBatch)
	if err != nil || len(links) == 0 {
		return false, err
	}
	full := len(links) == customsBatch
	var calls errgroup.Group
	calls.SetLimit(customsAtOnce)
	tried := make([]bool, len(links))
	for i := range links {
		calls.Go(func() (err error) {
			tried[i], err = b.keepCustom(ctx, connID, &links[i])
			return err
		})
	}
	stop := calls.Wait()
	var news []store.Link
	kept := 0
	for i, l := range links {
		if tried[i] {
			news = append(news, l)
		}
		if l.CustomWritten {
			kept++
		}
	}
	if len(news) > 0 { // also when another one has to stop us
		err = b.Store.SaveCustoms(context.WithoutCancel(ctx), connID, news)
	}
	if failed := len(news) - kept; failed > 0 {
		b.log().Info("Mojo's ids not kept in Wise Agent", "connection", connID, "contacts", failed, "kept", kept)
	}
	return full && kept > 0, errors.Join(stop, err)
}

// keepCustom writes one id, and tells whether it was tried, well or not. A contact that is gone, or that takes no custom field, is not
// asked again. An error is not about this contact.
func (b *Bridge) keepCustom(ctx context.Context, connID string, link *store.Link) (tried bool, err error) {
	value := strconv.FormatInt(link.MojoContactID, 10)
	err = b.withWise(ctx, connID, func(api *wiseagent.API) error {
		err := api.AddCustom(ctx, link.ClientID, customKey, value)
		if errors.Is(err, wiseagent.ErrCustomTaken) {
			return api.EditCustom(ctx, link.ClientID, customKey, value)
		}
		return err
	})
	var refused *wiseagent.RefusedError
	after, again := transient(err)
	switch {
	case errors.Is(err, wiseagent.ErrUnknownContact):
		link.CustomWritten, link.GoneAt = true, b.now()
		return true, nil
	case err == nil:
		link.CustomWritten, link.GoneAt = true, time.Time{}
		return true, nil
	case errors.As(err, &refused):
		link.CustomWritten = true
		return true, nil
	case ctx.Err() != nil, errors.Is(err, errHeld), !again:
		return false, fmt.Errorf("keep Mojo's id: %w", err)
	}
	link.CustomTries++
	link.CustomAt = b.now().Add(max(deliveryWait(link.CustomTries), after))
	return true, nil
}

// errSameContacts says that Wise Agent doesn't mind which page it is asked for: reading on would never end.
var errSameContacts = errors.New("the same page of contacts came again")

// Rebuilt is what came of [Bridge.RebuildLinks]. Counted are contacts with Mojo's id in their custom field.
type Rebuilt struct {
	Known   int // who they are in Mojo
	LeftOut int // Mojo doesn't know them as sent from Wise Agent, and we don't know them either
}

// RebuildLinks reads the custom fields of all contacts in Wise Agent and stores the links that they tell of, where Mojo itself
// has not told of the contact yet. A field has a bare number in it, which may be an id of another Mojo account that was connected
// before: a stranger's here. So Mojo is asked for each contact, and its answer counts. It knows those that were pushed, by our id of
// them; those that were sent from Mojo it doesn't. They are left out, unless sameMojo says that there was never another account.
func (b *Bridge) RebuildLinks(ctx context.Context, conn store.Connection, sameMojo bool) (all Rebuilt, err error) {
	first := ""
	for page := 1; ; page++ {
		var contacts []wiseagent.Contact
		err := b.withWise(ctx, conn.ID, func(api *wiseagent.API) (err error) {
			contacts, err = api.Contacts(ctx, page, contactsPage)
			return err
		})
		if err != nil {
			return all, fmt.Errorf("read contacts: %w", err)
		}
		if len(contacts) > 0 {
			if contacts[0].ClientID == first {
				return all, errSameContacts
			}
			first = contacts[0].ClientID
		}
		kept := b.linksIn(contacts)
		links, err := b.confirmed(ctx, conn, kept, sameMojo)
		if err != nil {
			return all, err
		}
		if len(links) > 0 {
			if err := b.Store.SaveFoundLinks(ctx, conn.ID, links); err != nil {
				return all, fmt.Errorf("save links: %w", err)
			}
		}
		all.Known += len(links)
		all.LeftOut += len(kept) - len(links)
		if len(contacts) < contactsPage {
			return all, nil
		}
	}
}

// linksIn are the links as the custom fields tell them.
func (b *Bridge) linksIn(contacts []wiseagent.Contact) (links []store.Link) {
	for _, c := range contacts {
		id, err := strconv.ParseInt(strings.TrimSpace(c.Custom[customKey]), 10, 64)
		if err != nil || id <= 0 {
			continue
		}
		links = append(links, store.Link{
			ClientID: c.ClientID, MojoContactID: id, APIContactID: apiContactID(c.ClientID), CustomWritten: true,
			CreatedAt: b.now(), PushedAt: b.now(),
		})
	}
	return links
}

// confirmed are those links that are surely of the connection's Mojo account, with Mojo's ids.
func (b *Bridge) confirmed(ctx context.Context, conn store.Connection, kept []store.Link, sameMojo bool) (sure []store.Link, err error) {
	clientIDs := make([]string, len(kept))
	for i, l := range kept {
		clientIDs[i] = l.ClientID
	}
	own, err := b.Store.Links(ctx, conn.ID, clientIDs)
	if err != nil {
		return nil, fmt.Errorf("read links: %w", err)
	}
	told := make([]bool, len(kept))
	asking, asked := errgroup.WithContext(ctx)
	asking.SetLimit(customsAtOnce)
	for i, l := range kept {
		asking.Go(func() error {
			id, err := b.idInMojo(asked, conn, l.APIContactID)
			if err == nil {
				told[i] = true
				kept[i].MojoContactID, kept[i].CustomWritten = id, id == l.MojoContactID
			}
			if errors.Is(err, mojo.ErrUnknownContact) {
				return nil
			}
			return err
		})
	}
	if err := asking.Wait(); err != nil {
		return nil, fmt.Errorf("ask Mojo for contacts: %w", err)
	}
	for i, l := range kept {
		if told[i] || sameMojo || own[l.ClientID].MojoContactID == l.MojoContactID {
			sure = append(sure, l)
		}
	}
	return sure, nil
}

// idInMojo asks Mojo for its id of a contact. While Mojo is in trouble or wants to be left alone it waits, and tries again some
// times. mojo.ErrUnknownContact when it doesn't know ours.
func (b *Bridge) idInMojo(ctx context.Context, conn store.Connection, apiContactID string) (id int64, err error) {
	for try := 1; ; {
		var c mojo.Contact
		err := b.withMojo(ctx, conn, func(api *mojo.API) (err error) {
			c, err = api.Contact(ctx, apiContactID)
			return err
		})
		after, again := transient(err)
		if !again || try > rebuildTries {
			return c.ContactID, err
		}
		wait := after
		if !errors.Is(err, errHeld) { // which is no try
			wait = max(after, b.pushWait(try))
			try++
		}
		if err := sleep(ctx, wait); err != nil {
			return 0, err
		}
	}
}

// rebuildTries is how often Mojo is asked anew for a contact: in less than twenty seconds it answers, or somebody has to look.
const rebuildTries = 4
