package mojo

import (
	"net/http"
	"strconv"
)

// integrationView is what the page of integrations shows.
type integrationView struct {
	Connected bool // the service can call the API
	Ended     bool // the customer just ended it
}

// showIntegrations serves GET /integrations/.
func (s *Server) showIntegrations(w http.ResponseWriter, r *http.Request, who session) {
	access, refresh := s.LiveTokens(who.account.ID)
	v := integrationView{Connected: access+refresh > 0, Ended: r.URL.Query().Has("ended")}
	s.render(w, http.StatusOK, "integrations", who, "Integrations", v)
}

// endIntegration serves POST /integrations/end/.
func (s *Server) endIntegration(w http.ResponseWriter, r *http.Request, who session) {
	s.mu.Lock()
	s.disconnect(who.account, who.agent)
	s.mu.Unlock()
	http.Redirect(w, r, "/integrations/?ended", http.StatusSeeOther)
}

// bulkView is what became of several contacts that were sent.
type bulkView struct {
	Selected int64 // the group they were ticked in
	Problem  string
	Rows     []bulkRow
}

type bulkRow struct {
	SendResult
	Name string
}

// Text says what became of the contact.
func (r bulkRow) Text() string {
	switch r.Status {
	case http.StatusCreated:
		return "Sent to Wise Agent"
	case http.StatusOK:
		return "In Wise Agent already"
	case http.StatusAccepted:
		return "Will be in Wise Agent as soon as it answers"
	}
	return r.Error
}

// sendTicked serves POST /my-data/send/?group_id=: the button Send to Wise
// Agent for the contacts that are ticked in the list.
func (s *Server) sendTicked(w http.ResponseWriter, r *http.Request, who session) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "Bad Request (400)", http.StatusBadRequest)
		return
	}
	v := bulkView{Selected: groupID(r)}
	contacts := s.ticked(r.PostForm["contact"], who.account)
	if len(contacts) == 0 {
		v.Problem = "Nobody is ticked. Go back and tick the contacts to send."
		s.render(w, http.StatusUnprocessableEntity, "sent", who, "Send to Wise Agent", v)
		return
	}
	results, err := s.sendContacts(r.Context(), who, contacts)
	switch {
	case err != nil:
		s.cfg.Log.Warn("mojo sandbox: send to Wise Agent", "error", err)
		v.Problem = "There was no clear answer. Try again: nobody will be there twice."
		s.render(w, http.StatusBadGateway, "sent", who, "Send to Wise Agent", v)
		return
	case results[0].Status == http.StatusConflict:
		v.Problem = results[0].Error
	default:
		for i, result := range results {
			v.Rows = append(v.Rows, bulkRow{result, contacts[i].title()})
		}
	}
	s.render(w, http.StatusOK, "sent", who, "Send to Wise Agent", v)
}

// ticked copies the contacts of the account that have these ids.
func (s *Server) ticked(ids []string, a *account) []Contact {
	s.mu.Lock()
	defer s.mu.Unlock()
	var contacts []Contact
	for _, text := range ids {
		id, err := strconv.ParseInt(text, 10, 64)
		if c := a.contacts[id]; err == nil && c != nil {
			contacts = append(contacts, c.clone())
		}
	}
	return contacts
}
