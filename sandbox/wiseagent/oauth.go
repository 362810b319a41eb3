package wiseagent

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// A scopeInfo is a scope with what the consent page says about it.
type scopeInfo struct{ Name, Title, Text string }

// scopes are Wise Agent's scopes (section 1.2 of its API).
func scopes() []scopeInfo {
	return []scopeInfo{
		{"profile", "Your profile", "See your name and e-mail address."},
		{"team", "Your team", "See the members of your team."},
		{"contacts", "Contacts", "See and change your contacts, their notes and your Call List."},
		{"marketing", "Marketing", "See and start marketing programs."},
		{"properties", "Properties", "See and change your properties."},
		{"calendar", "Calendar", "See and add events of your calendar."},
	}
}

// An authorization is what an app asks for when it sends the browser to the consent page.
type authorization struct {
	redirect  *url.URL
	state     string
	challenge string
	scopes    []string
}

// authorize is the browser's entry to the consent: it asks for sign-in, then for consent, or sends the browser straight back
// when the same scopes were given before.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	asked, ok := s.readAuthorization(w, r)
	if !ok {
		return
	}
	user, ok := s.session(r)
	if !ok {
		http.Redirect(w, r, "/login?"+url.Values{"next": {r.URL.RequestURI()}}.Encode(), http.StatusSeeOther)
		return
	}
	s.mu.Lock()
	given := !slices.ContainsFunc(asked.scopes, func(scope string) bool { return !user.consent[scope] })
	s.mu.Unlock()
	if given {
		s.sendBack(w, r, asked, s.allow(user, asked, asked.scopes))
		return
	}
	s.renderConsent(w, r, user, asked)
}

// consent takes the user's decision on the consent page.
func (s *Server) consent(w http.ResponseWriter, r *http.Request) {
	asked, ok := s.readAuthorization(w, r)
	if !ok {
		return
	}
	user, ok := s.session(r)
	if !ok {
		http.Redirect(w, r, "/login?"+url.Values{"next": {"/WiseAuth/auth?" + asked.query(s.cfg.ClientID).Encode()}}.Encode(), http.StatusSeeOther)
		return
	}
	given := slices.DeleteFunc(slices.Clone(asked.scopes), func(scope string) bool {
		return !slices.Contains(r.PostForm["allow"], scope)
	})
	if r.PostForm.Get("decision") != "allow" || len(given) == 0 {
		s.sendBack(w, r, asked, url.Values{"error": {"access_denied"}, "error_description": {"The user denied the request"}})
		return
	}
	s.sendBack(w, r, asked, s.allow(user, asked, given))
}

// readAuthorization reads what the app asks for. Mistakes that could send the browser to a stranger get a page; others are
// reported to the app.
func (s *Server) readAuthorization(w http.ResponseWriter, r *http.Request) (authorization, bool) {
	if err := r.ParseForm(); err != nil {
		s.problem(w, r, http.StatusBadRequest, "This request could not be read.")
		return authorization{}, false
	}
	to, err := url.Parse(r.Form.Get("redirect_uri"))
	switch {
	case r.Form.Get("client_id") != s.cfg.ClientID:
		s.problem(w, r, http.StatusBadRequest, "The app that sent you here is not registered with Wise Agent.")
		return authorization{}, false
	case err != nil || !s.mayRedirect(to):
		s.problem(w, r, http.StatusBadRequest, "The app asked to be answered at an address that is not registered for it.")
		return authorization{}, false
	}
	a := authorization{redirect: to, state: r.Form.Get("state"), challenge: r.Form.Get("code_challenge"), scopes: strings.Fields(r.Form.Get("scope"))}
	if code := a.mistake(r.Form); code != "" {
		s.sendBack(w, r, a, url.Values{"error": {code}})
		return authorization{}, false
	}
	return a, true
}

// mistake gives the OAuth error of a request that asks for something that there isn't, "" when it is fine.
func (a authorization) mistake(form url.Values) string {
	unknown := func(name string) bool {
		return !slices.ContainsFunc(scopes(), func(s scopeInfo) bool { return s.Name == name })
	}
	switch {
	case form.Get("response_type") != "code":
		return "unsupported_response_type"
	case len(a.scopes) == 0 || slices.ContainsFunc(a.scopes, unknown):
		return "invalid_scope"
	case a.challenge != "" && form.Get("code_challenge_method") != "S256":
		return "invalid_request"
	}
	return ""
}

// query writes the authorization as the app sent it.
func (a authorization) query(clientID string) url.Values {
	q := url.Values{"client_id": {clientID}, "redirect_uri": {a.redirect.String()}, "response_type": {"code"}, "scope": {strings.Join(a.scopes, " ")}}
	if a.state != "" {
		q.Set("state", a.state)
	}
	if a.challenge != "" {
		q.Set("code_challenge", a.challenge)
		q.Set("code_challenge_method", "S256")
	}
	return q
}

// mayRedirect says whether the app registered the host, with or without its port. It has to be the same host, not only a
// similar ending.
func (s *Server) mayRedirect(to *url.URL) bool {
	if to.Scheme != "https" && to.Scheme != "http" || to.User != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.cfg.RedirectHosts, func(host string) bool {
		return host != "" && (strings.EqualFold(host, to.Host) || strings.EqualFold(host, to.Hostname()))
	})
}

// allow remembers the consent and makes a code for it.
func (s *Server) allow(user *account, asked authorization, given []string) url.Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, scope := range given {
		user.consent[scope] = true
	}
	text, expires := "wa_code_"+rand.Text(), s.cfg.Now().Add(s.cfg.CodeTTL)
	s.codes[text] = &code{account: user, scopes: given, redirect: asked.redirect.String(), challenge: asked.challenge, expires: expires}
	return url.Values{"code": {text}, "expires_at": {expires.UTC().Format(oauthTime)}, "scope": {strings.Join(given, " ")}}
}

// sendBack sends the browser back to the app with an answer.
func (s *Server) sendBack(w http.ResponseWriter, r *http.Request, asked authorization, answer url.Values) {
	if asked.state != "" {
		answer.Set("state", asked.state)
	}
	to := *asked.redirect
	query := to.Query()
	for name, values := range answer {
		query[name] = values
	}
	to.RawQuery = query.Encode()
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to.String(), http.StatusSeeOther)
}
