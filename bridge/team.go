package bridge

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"addtomojo/wiseagent"
)

// teamLife is how long a Wise Agent team is remembered.
const teamLife = 10 * time.Minute

// teams are the Wise Agent teams of connections, by e-mail.
type teams struct {
	mu     sync.Mutex
	byConn map[string]team
}

type team struct {
	at      time.Time
	members map[string]int // e-mail in lower case to InsideTeamId
}

// teamID is the Wise Agent team member who is the event's Mojo agent, by e-mail; 0 names nobody: no match, or the customer
// didn't allow us to see the team.
func (e *effect) teamID(ctx context.Context) (id int, err error) {
	defer func() { e.named = id }()
	email := plainEmail(e.told.Agent.Email)
	if email == "" || !slices.Contains(strings.Fields(e.conn.Scopes), "team") {
		return 0, nil
	}
	b := e.b
	b.teams.mu.Lock()
	known, ok := b.teams.byConn[e.conn.ID]
	b.teams.mu.Unlock()
	if ok && b.now().Sub(known.at) < teamLife {
		return known.members[email], nil
	}
	known = team{at: b.now(), members: make(map[string]int)}
	err = e.wise(ctx, func(api *wiseagent.API) error {
		members, err := api.Team(ctx)
		for _, m := range members {
			known.members[plainEmail(m.Email)] = m.ID
		}
		return err
	})
	if err != nil && refusalReason(err) == "" { // who may not see the team names nobody
		return 0, err
	}
	b.teams.mu.Lock()
	defer b.teams.mu.Unlock()
	if b.teams.byConn == nil {
		b.teams.byConn = make(map[string]team)
	}
	b.teams.byConn[e.conn.ID] = known
	return known.members[email], nil
}

// otherMember reads the team anew, and tells whether the event's agent is somebody else there than the one that it was written for.
func (e *effect) otherMember(ctx context.Context) (bool, error) {
	before := e.named
	e.b.teams.mu.Lock()
	delete(e.b.teams.byConn, e.conn.ID)
	e.b.teams.mu.Unlock()
	now, err := e.teamID(ctx)
	return now != before, err
}
