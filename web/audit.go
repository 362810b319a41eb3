package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"addtomojo/bridge"
	"addtomojo/store"
	"addtomojo/views"
)

// What the audit log tells. Pages that look or act add theirs to auditWords.
const (
	auditSignIn  = "sign-in"
	auditSignOut = "sign-out"
	auditRefused = "refused"
	auditLink    = "link"
	auditLook    = "audit"

	auditSearch    = "search"
	auditAccount   = "account"
	auditLaunch    = "launch"
	auditNow       = "now"
	auditShow      = "show"
	auditTest      = "test"
	auditRetry     = "retry"
	auditReconnect = "reconnect"
	auditSessions  = "sessions"
)

// auditWords are the actions for people, in the order of the filter's list. An action that isn't here reads as it is.
var auditWords = []struct{ action, words string }{
	{auditSignIn, "Signed in"},
	{auditSignOut, "Signed out"},
	{auditRefused, "Was refused"},
	{auditLink, "Got a sign-in link"},
	{auditSearch, "Searched"},
	{auditAccount, "Looked at an account"},
	{auditLaunch, "Looked at a launch"},
	{auditNow, "Looked at what is wrong"},
	{auditShow, "Showed e-mails and numbers"},
	{auditTest, "Tested both sides"},
	{auditRetry, "Retried"},
	{auditReconnect, "Made a reconnect link"},
	{auditSessions, "Ended sessions"},
	{auditLook, "Looked at the audit log"},
}

func auditText(action string) string {
	for _, w := range auditWords {
		if w.action == action {
			return w.words
		}
	}
	return action
}

// auditsShown is how many lines a page of the audit log has.
const auditsShown = 50

// auditLog shows what support staff looked at and did. Looking at it is in it, too.
func (a *app) auditLog(c echo.Context) error {
	ctx := c.Request().Context()
	wanted := auditWish{}
	if c.QueryParam(auditFiltered) != "" {
		wanted = staffOf(c).Audit
	}
	ask, form := auditFilter(wanted, c.QueryParams())
	log := views.AuditLog{Page: a.staffPage("Audit log"), Staff: a.staffView(c), Now: a.now(), Form: form}
	status := http.StatusOK
	if form.FromError+form.ToError != "" {
		status = http.StatusUnprocessableEntity
	} else {
		found, last, err := a.Store.Audits(ctx, ask)
		if err != nil {
			return err
		}
		if log.List, err = a.auditLines(ctx, found[:min(len(found), auditsShown)]); err != nil {
			return err
		}
		turnAudits(&log, c.QueryParams(), found, last)
	}
	if err := a.audited(c, auditLook, ask.ConnectionID, auditWanted(ask)); err != nil {
		return err
	}
	return a.render(c, status, views.AuditPage(log))
}

// auditFiltered is in the address of the audit log as it was filtered last. What for is kept in the staff member's session: an
// address bar, with its history, is no place for a customer's e-mail.
const auditFiltered = "filtered"

// auditWish is what the audit log is filtered for, as it was typed.
type auditWish struct {
	Who    string `json:"who,omitempty"`
	Action string `json:"action,omitempty"`
	Text   string `json:"text,omitempty"`
	From   string `json:"from,omitempty"`
	To     string `json:"to,omitempty"`
}

// filterAudits keeps what the audit log is to be filtered for, and leads to it.
func (a *app) filterAudits(c echo.Context) error {
	form, err := a.readForm(c)
	if err != nil {
		return err
	}
	word := func(name string) string { return clip(strings.TrimSpace(form.Get(name)), 200) }
	wanted := auditWish{Who: word("who"), Action: word("action"), Text: word("text"), From: word("from"), To: word("to")}
	if err := a.changeMember(c, func(m *staffMember) { m.Audit = wanted }); err != nil {
		return err
	}
	q := url.Values{}
	if wanted != (auditWish{}) {
		q.Set(auditFiltered, "1")
	}
	if account := form.Get("account"); isID(account) {
		q.Set("account", account)
	}
	return a.seeOther(c, auditPath(q))
}

func auditPath(q url.Values) string { return strings.TrimSuffix(supportAuditPath+"?"+q.Encode(), "?") }

// auditFilter is what is asked for: the wish, and the account and the place of the address. A day that can't be read comes back
// beside its field.
func auditFilter(wanted auditWish, q url.Values) (store.AuditFilter, views.AuditForm) {
	form := views.AuditForm{Action: supportAuditPath, Who: wanted.Who, Text: wanted.Text, From: wanted.From, To: wanted.To}
	f := store.AuditFilter{Who: wanted.Who, Action: wanted.Action, Text: wanted.Text, Limit: auditsShown + 1}
	for _, id := range []struct {
		name string
		to   *string
	}{{"account", &f.ConnectionID}, {"before", &f.Before}} {
		if isID(q.Get(id.name)) {
			*id.to = q.Get(id.name)
		}
	}
	form.Account = f.ConnectionID
	for _, w := range auditWords {
		form.Actions = append(form.Actions, views.AuditAction{Value: w.action, Label: w.words, Chosen: w.action == f.Action})
	}
	f.Since, form.FromError = day(form.From)
	f.Until, form.ToError = day(form.To)
	if !f.Until.IsZero() {
		f.Until = f.Until.AddDate(0, 0, 1)
	}
	form.Filtered = f.Who+f.Action+f.Text+f.ConnectionID+form.From+form.To != ""
	return f, form
}

// day reads a day in UTC as browsers send it, and says what is wrong with it. "" is no day.
func day(text string) (at time.Time, problem string) {
	if text == "" {
		return time.Time{}, ""
	}
	at, err := time.Parse(time.DateOnly, text)
	if err != nil || at.Year() < 2000 || at.Year() > 9999 {
		return time.Time{}, "Choose a day, such as 2026-11-24."
	}
	return at, ""
}

// clip cuts a text off behind so many runes, and at what isn't text.
func clip(s string, most int) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "")
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}

// auditLines are audits as the page shows them.
func (a *app) auditLines(ctx context.Context, found []store.Audit) ([]views.AuditLine, error) {
	accounts := make(map[string]string)
	lines := make([]views.AuditLine, len(found))
	for i, v := range found {
		lines[i] = views.AuditLine{ID: v.ID, When: v.At, Who: v.Who, Role: v.Role, What: auditText(v.Action), Detail: v.Detail}
		if v.ConnectionID == "" {
			continue
		}
		if _, asked := accounts[v.ConnectionID]; !asked {
			conn, err := a.Store.Connection(ctx, v.ConnectionID)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return nil, err
			}
			accounts[v.ConnectionID] = bridge.Masked(conn.Email)
		}
		lines[i].Account, lines[i].AccountURL = accounts[v.ConnectionID], supportAccountPath(v.ConnectionID)
	}
	return lines, nil
}

// supportAccountPath is the page of an account.
func supportAccountPath(connID string) string { return supportPath + "/accounts/" + connID }

// turnAudits sets the links to the lines before and after, and to all of them. last is where a search stopped.
func turnAudits(log *views.AuditLog, q url.Values, found []store.Audit, last store.Audit) {
	page := func(before string) string {
		same := url.Values{}
		for _, name := range []string{auditFiltered, "account"} {
			if v := q.Get(name); v != "" {
				same.Set(name, v)
			}
		}
		if before != "" {
			same.Set("before", before)
		}
		return auditPath(same)
	}
	if isID(q.Get("before")) {
		log.NewestURL = page("")
	}
	if len(found) > auditsShown {
		log.OlderURL = page(found[auditsShown-1].ID)
	} else if last.ID != "" {
		log.OlderURL, log.SearchedTo = page(last.ID), last.At
	}
}

// auditWanted says in a few words what the audit log was searched for. A customer's e-mail and number are masked.
func auditWanted(f store.AuditFilter) string {
	var words []string
	add := func(name, value string) {
		if value != "" {
			words = append(words, name+" "+value)
		}
	}
	add("who:", f.Who)
	add("what:", f.Action)
	add("text:", veil{}.text(f.Text))
	if !f.Since.IsZero() {
		add("from:", f.Since.Format(time.DateOnly))
	}
	if !f.Until.IsZero() {
		add("to:", f.Until.AddDate(0, 0, -1).Format(time.DateOnly))
	}
	return strings.Join(words, ", ")
}
