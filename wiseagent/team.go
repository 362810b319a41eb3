package wiseagent

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
)

// Member belongs to the account's inside team.
type Member struct {
	ID    int // the InsideTeamId of notes and Call List entries
	Name  string
	Email string // may be empty
}

// Team lists the inside team, which may be nobody (getTeam, section 3.1; scope team).
func (a *API) Team(ctx context.Context) (_ []Member, err error) {
	const op = "get team"
	defer a.client.measured(op, time.Now(), &err)
	list, err := a.get(ctx, op, "getTeam", nil)
	if err != nil {
		return nil, err
	}
	team := make([]Member, len(list))
	for i, item := range list {
		var w struct {
			ID          text `json:"InsideTeamId"`
			Name, Email text
		}
		if err := decode(item, &w); err != nil {
			return nil, &DoubtError{op, err}
		}
		id, err := strconv.ParseUint(string(w.ID), 10, 31)
		if err != nil || id == 0 {
			return nil, &DoubtError{op, errors.New("a team member without an id")}
		}
		team[i] = Member{int(id), string(w.Name), strings.TrimSpace(string(w.Email))}
	}
	return team, nil
}
