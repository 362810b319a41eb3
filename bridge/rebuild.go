package bridge

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

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
	case err == nil, errors.As(err, &refused), errors.Is(err, wiseagent.ErrUnknownContact):
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

// RebuildLinks reads the custom fields of all contacts in Wise Agent and stores the links that they tell of, where Mojo itself
// has not told of the contact yet. It returns how many there are.
func (b *Bridge) RebuildLinks(ctx context.Context, conn store.Connection) (found int, err error) {
	first := ""
	for page := 1; ; page++ {
		var contacts []wiseagent.Contact
		err := b.withWise(ctx, conn.ID, func(api *wiseagent.API) (err error) {
			contacts, err = api.Contacts(ctx, page, contactsPage)
			return err
		})
		if err != nil {
			return found, fmt.Errorf("read contacts: %w", err)
		}
		if len(contacts) > 0 {
			if contacts[0].ClientID == first {
				return found, errSameContacts
			}
			first = contacts[0].ClientID
		}
		links, seen := b.linksIn(contacts)
		if len(links) > 0 {
			if err := b.Store.SaveFoundLinks(ctx, conn.ID, links); err != nil {
				return found, fmt.Errorf("save links: %w", err)
			}
		}
		found += seen
		if len(contacts) < contactsPage {
			return found, nil
		}
	}
}

func (b *Bridge) linksIn(contacts []wiseagent.Contact) (links []store.Link, found int) {
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
	return links, len(links)
}
