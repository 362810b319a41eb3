package mojo

import (
	"bytes"
	"crypto/rand"
	"embed"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed pages
var pageFiles embed.FS

var pageTemplates = template.Must(template.New("").Funcs(template.FuncMap{
	"phone": showPhone, "day": func(t time.Time) string { return t.Format("Jan 2, 2006 3:04 PM MST") },
	"clock":      func(t time.Time) string { return t.Format("3:04:05 PM MST") },
	"permission": func(p string) string { return strings.ReplaceAll(p, "_", " ") },
}).ParseFS(pageFiles, "pages/*.html"))

// sessionCookie keeps its distance from the cookies of the service and the
// other stand-in: cookies don't tell the ports of a host apart.
const sessionCookie = "mojobox_session"

// session is a browser that is signed in.
type session struct {
	account *account
	agent   Agent
}

// view is what every page shows.
type view struct {
	Title   string
	Page    string // name of the template
	Account string // "" when nobody is signed in
	Agent   string
	Body    any
}

// render sends a page.
func (s *Server) render(w http.ResponseWriter, status int, page string, who session, title string, body any) {
	v := view{Title: title, Page: page, Body: body}
	if who.account != nil {
		v.Account, v.Agent = who.account.Name, who.agent.Name
	}
	var buf bytes.Buffer
	if err := pageTemplates.ExecuteTemplate(&buf, page, v); err != nil {
		s.cfg.Log.Error("mojo sandbox: render page", "page", page, "error", err)
		http.Error(w, "Server Error (500)", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "same-origin")
	w.WriteHeader(status)
	w.Write(buf.Bytes())
}

// problem is what the page of that name shows.
type problem struct{ Text string }

func (s *Server) notFound(w http.ResponseWriter, who session, text string) {
	s.render(w, http.StatusNotFound, "problem", who, "Not found", problem{text})
}

func (s *Server) style(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, pageFiles, "pages/style.css")
}

func (s *Server) home(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "/my-data/", http.StatusFound)
}

// loginView is what the log-in page shows.
type loginView struct {
	Next, PIN, Login, Password, Problem string
	Hints                               []hint
}

// hint is an agent that a person may try.
type hint struct {
	Account, PIN, Login, Password, Permission string
	Suspended                                 bool
}

func (s *Server) showLogin(w http.ResponseWriter, r *http.Request) {
	v := loginView{Next: r.URL.Query().Get("next"), Hints: s.hints()}
	if len(v.Hints) > 0 {
		v.PIN, v.Login, v.Password = v.Hints[0].PIN, v.Hints[0].Login, v.Hints[0].Password
	}
	s.render(w, http.StatusOK, "login", session{}, "Log in", v)
}

func (s *Server) hints() []hint {
	if !s.cfg.ShowHints {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var hints []hint
	for _, a := range s.accounts {
		for _, agent := range a.Agents {
			hints = append(hints, hint{a.Name, a.PIN, agent.Login, agent.Password, agent.Permission, a.Suspended})
		}
	}
	return hints
}

func (s *Server) logIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	v := loginView{Next: r.PostFormValue("next"), PIN: r.PostFormValue("pin"), Login: r.PostFormValue("login")}
	s.mu.Lock()
	a, agent, refusal := s.checkSignIn(v.PIN, v.Login, r.PostFormValue("password"))
	if refusal == nil {
		s.startSession(w, session{a, agent})
	}
	s.mu.Unlock()
	if refusal != nil {
		v.Problem, v.Hints = refusal.description, s.hints()
		s.render(w, refusal.status, "login", session{}, "Log in", v)
		return
	}
	http.Redirect(w, r, localPath(v.Next), http.StatusSeeOther)
}

// startSession signs the browser in. Server.mu must be held.
func (s *Server) startSession(w http.ResponseWriter, who session) {
	id := rand.Text()
	s.sessions[id] = who
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

func (s *Server) logOut(w http.ResponseWriter, r *http.Request) {
	if cookie, err := r.Cookie(sessionCookie); err == nil {
		s.mu.Lock()
		delete(s.sessions, cookie.Value)
		s.mu.Unlock()
	}
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Path: "/", MaxAge: -1})
	http.Redirect(w, r, "/login/", http.StatusSeeOther)
}

// localPath keeps a redirect on this host.
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(next, "/") ||
		strings.HasPrefix(next, "//") || strings.Contains(next, `\`) {
		return "/my-data/"
	}
	return next
}

// withSession lets only signed-in browsers through, others are sent to log in.
func (s *Server) withSession(handle func(http.ResponseWriter, *http.Request, session)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who := s.session(w, r)
		if who.account == nil {
			http.Redirect(w, r, "/login/?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusFound)
			return
		}
		handle(w, r, who)
	}
}

// session finds the browser's session. With AutoSignIn, a browser that asks for
// a group is signed in to the group's account.
func (s *Server) session(w http.ResponseWriter, r *http.Request) session {
	s.mu.Lock()
	defer s.mu.Unlock()
	var who session
	if cookie, err := r.Cookie(sessionCookie); err == nil {
		who = s.sessions[cookie.Value]
	}
	group := groupID(r)
	if !s.cfg.AutoSignIn || group == 0 || (who.account != nil && who.account.group(group) != nil) {
		return who
	}
	i := slices.IndexFunc(s.accounts, func(a *account) bool { return a.group(group) != nil })
	if i < 0 || s.accounts[i].Suspended {
		return who
	}
	who = session{s.accounts[i], s.accounts[i].owner()}
	s.startSession(w, who)
	return who
}

// groupID is the group that the address selects, 0 for none.
func groupID(r *http.Request) int64 {
	id, err := strconv.ParseInt(r.URL.Query().Get("group_id"), 10, 64)
	if err != nil {
		return 0
	}
	return id
}

// showPhone writes ten digits the way people do.
func showPhone(digits string) string {
	if !tenDigits(digits) {
		return digits
	}
	return "(" + digits[:3] + ") " + digits[3:6] + "-" + digits[6:]
}
