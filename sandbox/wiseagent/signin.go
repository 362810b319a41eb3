package wiseagent

import (
	"cmp"
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// sessionCookie has a name of its own, since cookies of one host are shared by all its ports.
const sessionCookie = "wisebox_session"

// session finds who is signed in.
func (s *Server) session(r *http.Request) (*account, bool) {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return nil, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.sessions[cookie.Value]
	return a, ok
}

// signedIn lets only people who are signed in see a page; others sign in first and come back.
func (s *Server) signedIn(page func(http.ResponseWriter, *http.Request, *account)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a, ok := s.session(r)
		if ok {
			page(w, r, a)
			return
		}
		next := "/contacts"
		if r.Method == http.MethodGet {
			next = r.URL.RequestURI()
		}
		http.Redirect(w, r, "/login?"+url.Values{"next": {next}}.Encode(), http.StatusSeeOther)
	}
}

// A loginView is the sign-in page.
type loginView struct {
	Next, Email, Password string
	Wrong                 bool
	Samples               []User // people whose sign-in a visitor may try; shown when the page is prefilled
}

func (s *Server) signInPage(w http.ResponseWriter, r *http.Request) {
	v := s.loginView(r.FormValue("next"))
	if len(v.Samples) > 0 {
		v.Email, v.Password = v.Samples[0].Email, v.Samples[0].Password
	}
	s.render(w, r, http.StatusOK, "login", v)
}

// loginView knows the sample users when the page may be prefilled, the first user first.
func (s *Server) loginView(next string) loginView {
	v := loginView{Next: next}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.cfg.Prefill {
		return v
	}
	for _, a := range s.accounts {
		v.Samples = append(v.Samples, a.user)
	}
	slices.SortFunc(v.Samples, func(a, b User) int {
		return cmp.Or(order(a.Email != s.first.user.Email, b.Email != s.first.user.Email), strings.Compare(a.Email, b.Email))
	})
	return v
}

// order puts false before true.
func order(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func (s *Server) signIn(w http.ResponseWriter, r *http.Request) {
	email, password := strings.TrimSpace(r.PostFormValue("email")), r.PostFormValue("password")
	s.mu.Lock()
	a := s.accounts[strings.ToLower(email)]
	ok := a != nil && a.user.Password == password
	id := rand.Text()
	if ok {
		s.sessions[id] = a
	}
	s.mu.Unlock()
	if !ok {
		v := s.loginView(r.PostFormValue("next"))
		v.Email, v.Wrong = email, true
		s.render(w, r, http.StatusUnprocessableEntity, "login", v)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, local(r.PostFormValue("next")), http.StatusSeeOther)
}

func (s *Server) signOut(w http.ResponseWriter, r *http.Request) {
	if cookie, err := r.Cookie(sessionCookie); err == nil {
		s.mu.Lock()
		delete(s.sessions, cookie.Value)
		s.mu.Unlock()
	}
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, "/login?"+url.Values{"next": {local(r.PostFormValue("next"))}}.Encode(), http.StatusSeeOther)
}

// local keeps a way back within the stand-in.
func local(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.Contains(next, "\\") {
		return "/contacts"
	}
	return next
}
