package wiseagent

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// A loadView is the page of load, for who is signed in.
type loadView struct {
	User     string
	Contacts int
	Added    string // how many were just added; "" for none
	Add      loadForm
	Edit     loadForm
	Editing  *progressView // nil while there were no edits

	MostAdded, MostPerMinute, MostSeconds int
}

// A loadForm is one of the page's forms: what was typed, and what is wrong with it.
type loadForm struct {
	Number, Seconds, Query string
	Problem, Field         string // Field is that of the problem; "" for the form as a whole
}

// Wrong says what is wrong with a field, "" for nothing.
func (f loadForm) Wrong(field string) string {
	if f.Field != field {
		return ""
	}
	return f.Problem
}

// A progressView is how far edits are.
type progressView struct {
	Planned, Made, Left int // Left in seconds
	Over                bool
	Said                string // how they ended
}

func (s *Server) loadPage(w http.ResponseWriter, r *http.Request, user *account) {
	v := loadView{}
	if n, err := strconv.Atoi(r.FormValue("added")); err == nil && 0 < n && n <= mostAdded {
		v.Added = itoa(n)
	}
	s.renderLoad(w, r, http.StatusOK, user, v)
}

// renderLoad shows the page; what isn't set in the view is as it is in the account.
func (s *Server) renderLoad(w http.ResponseWriter, r *http.Request, status int, user *account, v loadView) {
	v.MostAdded, v.MostPerMinute, v.MostSeconds = mostAdded, mostPerMinute, mostSeconds
	if v.Add.Problem == "" {
		v.Add.Number = "1000"
	}
	if v.Edit.Problem == "" {
		v.Edit.Number, v.Edit.Seconds = "120", "60"
	}
	s.mu.Lock()
	v.User = cmp.Or(strings.TrimSpace(user.user.First+" "+user.user.Last), user.user.Email)
	v.Contacts = len(user.order)
	if user.editing != nil {
		v.Editing = user.editing.view()
	}
	s.mu.Unlock()
	s.render(w, r, status, "load", v)
}

// view makes what the page shows of edits.
func (e *editing) view() *progressView {
	v := &progressView{Planned: e.planned, Made: e.made, Over: e.over, Left: max(int(time.Until(e.until.Add(-grace)).Seconds()), 0)}
	switch {
	case !e.over:
	case e.stopped:
		v.Said = fmt.Sprintf("Stopped. Edits made: %d of %d.", e.made, e.planned)
	case e.made < e.planned:
		v.Said = fmt.Sprintf("The time is over. Edits made: %d of %d.", e.made, e.planned)
	default:
		v.Said = fmt.Sprintf("Done. Edits made: %d.", e.made)
	}
	return v
}

// changeLoad does what the form's field "action" says: add, edit or stop.
func (s *Server) changeLoad(w http.ResponseWriter, r *http.Request, user *account) {
	v, to := loadView{}, "/sandbox/load#edits"
	switch r.PostFormValue("action") {
	case "add":
		v.Add = s.addFromPage(r, user)
		to = "/sandbox/load?" + url.Values{"added": {v.Add.Number}}.Encode()
	case "edit":
		v.Edit = s.editFromPage(r, user)
	case "stop":
		s.stopEdits(user)
	default:
		s.problem(w, r, http.StatusUnprocessableEntity, "The page doesn't know that button. Go back and try again.")
		return
	}
	if v.Add.Problem+v.Edit.Problem != "" {
		s.renderLoad(w, r, http.StatusUnprocessableEntity, user, v)
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// addFromPage adds contacts, and gives the form back with what is wrong.
func (s *Server) addFromPage(r *http.Request, user *account) loadForm {
	f := loadForm{Number: r.PostFormValue("contacts"), Field: "contacts"}
	n, problem := wholeNumber(f.Number, mostAdded)
	if problem == "" {
		problem, f.Number = s.addInvented(user, n), itoa(n)
	}
	f.Problem = problem
	return f
}

// editFromPage starts edits, and gives the form back with what is wrong.
func (s *Server) editFromPage(r *http.Request, user *account) loadForm {
	f := loadForm{Number: r.PostFormValue("minute"), Seconds: r.PostFormValue("seconds"), Query: strings.TrimSpace(r.PostFormValue("q"))}
	e := edits{Query: f.Query}
	if e.PerMinute, f.Problem = wholeNumber(f.Number, mostPerMinute); f.Problem != "" {
		f.Field = "minute"
		return f
	}
	if e.Seconds, f.Problem = wholeNumber(f.Seconds, mostSeconds); f.Problem != "" {
		f.Field = "seconds"
		return f
	}
	if n := e.count(); n > mostEdits {
		f.Problem, f.Field = fmt.Sprintf("These would be %d edits, and %d are the most. Give less time or fewer a minute.", n, mostEdits), "seconds"
		return f
	}
	f.Problem, f.Field = s.startEdits(user, e)
	return f
}

// wholeNumber reads a number from 1 to most as people type it, or says what to type.
func wholeNumber(typed string, most int) (n int, problem string) {
	n, err := strconv.Atoi(strings.ReplaceAll(strings.TrimSpace(typed), ",", ""))
	if err != nil || n < 1 || n > most {
		return 0, fmt.Sprintf("Give a whole number from 1 to %d.", most)
	}
	return n, ""
}
