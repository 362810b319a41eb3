package mojo

// wireContact is a contact on the wire (Mojo's API, part A2).
type wireContact struct {
	APIContactID label       `json:"api_contact_id"`
	ContactID    number      `json:"contact_id,omitempty"`
	FullName     string      `json:"full_name"`
	Groups       []wireIn    `json:"contactgroup_set"`
	Address      string      `json:"address,omitempty"`
	City         string      `json:"city,omitempty"`
	State        string      `json:"state,omitempty"`
	Zip          label       `json:"zip_code,omitempty"`
	Notes        []wireNote  `json:"contactnote_set,omitempty"`
	Media        []wireMedia `json:"mediainfo_set,omitempty"`
}

type wireIn struct {
	GroupID number `json:"group_id"`
}

type wireNote struct {
	Type     int    `json:"type"` // 1 is a plain note, the only kind known
	Contents string `json:"contents"`
}

type wireMedia struct {
	Type  int   `json:"type"`
	Value label `json:"value"`
}

// wireNoteFor is a note on its own (Mojo's API, part A3).
type wireNoteFor struct {
	APIContactID string `json:"api_contact_id"`
	Contents     string `json:"contents"`
	Type         int    `json:"type"`
}

func wireContacts(contacts []Contact) []wireContact {
	out := make([]wireContact, len(contacts))
	for i, c := range contacts {
		out[i] = c.wire()
	}
	return out
}

func (c Contact) wire() wireContact {
	w := wireContact{
		APIContactID: label(c.APIContactID),
		FullName:     c.FullName,
		Groups:       []wireIn{},
		Address:      c.Address,
		City:         c.City,
		State:        c.State,
		Zip:          label(c.Zip),
	}
	for _, id := range c.GroupIDs {
		w.Groups = append(w.Groups, wireIn{number(id)})
	}
	for _, text := range c.Notes {
		w.Notes = append(w.Notes, wireNote{1, text})
	}
	for _, m := range c.Media {
		w.Media = append(w.Media, wireMedia{int(m.Type), label(m.Value)})
	}
	return w
}

func (w wireContact) contact() Contact {
	c := Contact{
		APIContactID: string(w.APIContactID),
		ContactID:    int64(w.ContactID),
		FullName:     w.FullName,
		Address:      w.Address,
		City:         w.City,
		State:        w.State,
		Zip:          string(w.Zip),
	}
	for _, g := range w.Groups {
		c.GroupIDs = append(c.GroupIDs, int64(g.GroupID))
	}
	for _, n := range w.Notes {
		c.Notes = append(c.Notes, n.Contents)
	}
	for _, m := range w.Media {
		c.Media = append(c.Media, Media{MediaType(m.Type), string(m.Value)})
	}
	return c
}
