package bridge

import (
	"time"

	"addtomojo/mojo"
)

// zone is the customer's time zone, Wise Agent's while it is not known.
func (e *effect) zone() *time.Location {
	if e.conn.TimeZone != "" {
		if zone, err := time.LoadLocation(e.conn.TimeZone); err == nil {
			return zone
		}
	}
	return e.b.wiseZone()
}

func (e *effect) callText() callFacts {
	c := e.told.Call
	facts := callFacts{
		ID: string(c.ID), Result: c.Result, Phone: c.Phone, PhoneType: mojo.MediaType(c.PhoneType), StartedAt: c.StartedAt.Time,
		Length: c.length(), Agent: e.told.Agent.Name, Text: c.Notes, Zone: e.zone(),
	}
	if c.Group != nil {
		facts.Group = c.Group.Name
	}
	if c.Recording != nil {
		facts.Recording = *c.Recording
	}
	return facts
}

func (e *effect) noteText() noteFacts {
	n := e.told.Note
	return noteFacts{ID: string(n.ID), Text: n.Contents, Agent: e.told.Agent.Name, CreatedAt: n.CreatedAt.Time, Zone: e.zone()}
}

func (e *effect) activityText() activityFacts {
	a := e.told.Event
	return activityFacts{
		ID: string(a.ID), Revision: a.Revision, Type: callType(a.Kind), Title: a.Title, Description: a.Description,
		Agent: e.told.Agent.Name, StartsAt: a.StartsAt.Time, Date: a.Date, Zone: e.zone(),
	}
}
