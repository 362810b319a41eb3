package bridge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"addtomojo/mojo"
	"addtomojo/store"
)

// maxGroupName is how many characters a group's name may have: more does not fit Mojo's lists.
const maxGroupName = 100

// groupsLife is how long fetched groups are shown without asking Mojo again.
const groupsLife = 30 * time.Second

// Groups are the customer's Mojo groups, the last used first. They are asked for anew when fresh is set, the stored list is
// old, or a push has changed a group's size since. When Mojo does not answer, the stored list is better than none.
func (b *Bridge) Groups(ctx context.Context, conn store.Connection, fresh bool) ([]store.Group, error) {
	groups, at, err := b.Store.Groups(ctx, conn.ID)
	if err != nil {
		return nil, fmt.Errorf("read groups: %w", err)
	}
	asked := b.now()
	changed := slices.ContainsFunc(groups, func(g store.Group) bool { return !g.EndedAt.Before(at) })
	if !fresh && !changed && asked.Sub(at) < groupsLife {
		return groups, nil
	}
	fetched, err := b.fetchGroups(ctx, conn)
	if err != nil {
		if _, again := transient(err); again && !at.IsZero() {
			return groups, nil
		}
		return nil, mojoTrouble(err)
	}
	if err := b.Store.SaveGroups(ctx, conn.ID, fetched, asked); err != nil {
		return nil, fmt.Errorf("save groups: %w", err)
	}
	groups, _, err = b.Store.Groups(ctx, conn.ID)
	return groups, err
}

func (b *Bridge) fetchGroups(ctx context.Context, conn store.Connection) ([]store.Group, error) {
	var groups []store.Group
	err := b.withMojo(ctx, conn, func(api *mojo.API) error {
		found, err := api.Groups(ctx)
		for _, g := range found {
			groups = append(groups, store.Group{ID: g.ID, Name: g.Name, Contacts: g.Contacts, IsLead: g.IsLead})
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("fetch groups: %w", err)
	}
	return groups, nil
}

// CreateGroup makes a group in Mojo and gives it as the group page shows it. The error is ErrGroupName,
// ErrGroupNameLong, mojo.ErrGroupTaken, ErrNeedsSignIn or a *DownError.
func (b *Bridge) CreateGroup(ctx context.Context, conn store.Connection, name string) (store.Group, error) {
	name = joinWords(name)
	switch {
	case name == "":
		return store.Group{}, ErrGroupName
	case utf8.RuneCountInString(name) > maxGroupName:
		return store.Group{}, ErrGroupNameLong
	}
	group, err := b.createGroup(ctx, conn, name)
	if err != nil {
		return store.Group{}, err
	}
	groups, at, err := b.Store.Groups(ctx, conn.ID)
	if err != nil {
		return group, fmt.Errorf("read groups: %w", err)
	}
	if !slices.ContainsFunc(groups, func(g store.Group) bool { return g.ID == group.ID }) {
		groups = append(groups, group)
	}
	if err := b.Store.SaveGroups(ctx, conn.ID, groups, at); err != nil {
		return group, fmt.Errorf("save groups: %w", err)
	}
	return group, nil
}

// createGroup makes the call. When the answer is lost, it looks whether the group is there before it says
// that Mojo is down.
func (b *Bridge) createGroup(ctx context.Context, conn store.Connection, name string) (store.Group, error) {
	var made mojo.Group
	err := b.withMojo(ctx, conn, func(api *mojo.API) (err error) {
		made, err = api.CreateGroup(ctx, name)
		return err
	})
	var doubt *mojo.DoubtError
	switch {
	case err == nil:
		return store.Group{ID: made.ID, Name: made.Name, Contacts: made.Contacts, IsLead: made.IsLead}, nil
	case errors.Is(err, mojo.ErrGroupTaken):
		return store.Group{}, err
	case errors.As(err, &doubt):
		if found, err := b.fetchGroups(ctx, conn); err == nil {
			if i := slices.IndexFunc(found, func(g store.Group) bool { return g.Name == name }); i >= 0 {
				return found[i], nil
			}
		}
	}
	return store.Group{}, mojoTrouble(err)
}

// mojoTrouble passes on what the customer can act on and calls the rest a partner that is down.
func mojoTrouble(err error) error {
	var refused *mojo.RefusedError
	if errors.Is(err, ErrNeedsSignIn) || errors.As(err, &refused) {
		return err
	}
	return down(MojoName, err)
}
