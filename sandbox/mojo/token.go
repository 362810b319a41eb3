package mojo

import (
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"addtomojo/sandbox/fault"
)

// grant is what one sign-in of the service gave: a refresh token that changes
// with each use, and the access tokens that came with it.
type grant struct {
	account *account
	agent   Agent
	refresh string               // "" when revoked
	access  map[string]time.Time // access token to its expiry
}

// tokens are the grants of all accounts.
type tokens []*grant

// tokenOut is the answer of the token endpoint, see Mojo's API, part B1.
type tokenOut struct {
	AccessToken  string     `json:"access_token"`
	TokenType    string     `json:"token_type"`
	ExpiresIn    int        `json:"expires_in"`
	RefreshToken string     `json:"refresh_token"`
	AccountURL   string     `json:"account_url"`
	Account      accountOut `json:"account"`
	Agent        agentOut   `json:"agent"`
}

type accountOut struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type agentOut struct {
	ID         int64  `json:"id"`
	Name       string `json:"name"`
	Email      string `json:"email"`
	Permission string `json:"permission"`
}

// token serves POST /oauth/token/, part B1.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	if !s.client(w, r) {
		return
	}
	switch r.PostFormValue("grant_type") {
	case "password":
		s.passwordGrant(w, r)
	case "refresh_token":
		s.refreshGrant(w, r)
	default:
		oauthError(w, http.StatusBadRequest, "unsupported_grant_type", "The grant type is not supported.")
	}
}

// client checks the service's own credentials, and answers if they are wrong.
func (s *Server) client(w http.ResponseWriter, r *http.Request) bool {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	id, secret, _ := r.BasicAuth()
	if same(unescaped(id), s.cfg.ClientID) && same(unescaped(secret), s.cfg.ClientSecret) {
		return true
	}
	w.Header().Set("WWW-Authenticate", `Basic realm="Mojo"`)
	oauthError(w, http.StatusUnauthorized, "invalid_client", "The client is not known.")
	return false
}

// unescaped undoes the form encoding in which OAuth sends id and secret by HTTP
// Basic (RFC 6749, section 2.3.1); what is not encoded well is nobody's.
func unescaped(text string) string {
	plain, err := url.QueryUnescape(text)
	if err != nil {
		return ""
	}
	return plain
}

func (s *Server) passwordGrant(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, agent, refusal := s.checkSignIn(r.PostFormValue("pin"), r.PostFormValue("username"), r.PostFormValue("password"))
	if refusal != nil {
		refusal.write(w)
		return
	}
	g := &grant{account: a, agent: agent, access: make(map[string]time.Time)}
	s.tokens = append(s.tokens, g)
	a.disconnected = false
	s.issue(w, r, g)
}

func (s *Server) refreshGrant(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token := r.PostFormValue("refresh_token")
	for _, g := range s.tokens {
		if token == "" || token != g.refresh {
			continue
		}
		if g.account.Suspended {
			suspended().write(w)
			return
		}
		s.issue(w, r, g)
		return
	}
	oauthError(w, http.StatusBadRequest, "invalid_grant", "The refresh token is not valid.")
}

// issue answers with a new pair of tokens of the grant.
func (s *Server) issue(w http.ResponseWriter, r *http.Request, g *grant) {
	access := "mja_" + rand.Text()
	g.refresh = "mjr_" + rand.Text()
	g.access[access] = s.cfg.Now().Add(s.cfg.AccessTTL)
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, tokenOut{
		AccessToken: access, TokenType: "Bearer", ExpiresIn: int(s.cfg.AccessTTL.Seconds()), RefreshToken: g.refresh,
		AccountURL: s.origin(r), Account: accountOut{g.account.ID, g.account.Name},
		Agent: agentOut{g.agent.ID, g.agent.Name, g.agent.Email, g.agent.Permission},
	})
}

// origin is where the stand-in is reached.
func (s *Server) origin(r *http.Request) string {
	if s.cfg.PublicURL != "" {
		return strings.TrimSuffix(s.cfg.PublicURL, "/")
	}
	return "http://" + r.Host
}

// revoke serves POST /oauth/revoke/, RFC 7009: a refresh token takes its access
// tokens along, an access token goes alone, an unknown token is a success.
func (s *Server) revoke(w http.ResponseWriter, r *http.Request) {
	if !s.client(w, r) {
		return
	}
	token := r.PostFormValue("token")
	if token == "" {
		oauthError(w, http.StatusBadRequest, "invalid_request", "The token is missing.")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.tokens {
		delete(g.access, token)
		if token == g.refresh {
			g.end()
		}
	}
	w.WriteHeader(http.StatusOK)
}

// end makes all tokens of the grant useless.
func (g *grant) end() {
	g.refresh = ""
	clear(g.access)
}

// signInRefusal is why somebody can't sign in, as the token endpoint says it.
type signInRefusal struct {
	status            int
	code, description string
	retryAfter        time.Duration
}

func (f *signInRefusal) write(w http.ResponseWriter) {
	if f.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(f.retryAfter.Seconds())))
	}
	oauthError(w, f.status, f.code, f.description)
}

func suspended() *signInRefusal {
	return &signInRefusal{status: http.StatusForbidden, code: "access_denied", description: "This account is suspended."}
}

// checkSignIn finds who signs in with PIN, login and password. Server.mu must
// be held.
func (s *Server) checkSignIn(pin, login, password string) (*account, Agent, *signInRefusal) {
	wrong := &signInRefusal{status: http.StatusBadRequest, code: "invalid_grant", description: "PIN, login or password is wrong."}
	i := slices.IndexFunc(s.accounts, func(a *account) bool { return same(a.PIN, pin) })
	if i < 0 {
		return nil, Agent{}, wrong
	}
	a, now := s.accounts[i], s.cfg.Now()
	a.wrongTries = slices.DeleteFunc(a.wrongTries, func(t time.Time) bool { return now.Sub(t) >= time.Minute })
	if len(a.wrongTries) >= s.cfg.WrongTries {
		return nil, Agent{}, &signInRefusal{status: http.StatusTooManyRequests, code: "temporarily_unavailable",
			description: "Too many tries.", retryAfter: time.Minute}
	}
	for _, agent := range a.Agents {
		if !strings.EqualFold(agent.Login, strings.TrimSpace(login)) || !same(agent.Password, password) {
			continue
		}
		if a.Suspended {
			return nil, Agent{}, suspended()
		}
		return a, agent, nil
	}
	a.wrongTries = append(a.wrongTries, now)
	return nil, Agent{}, wrong
}

// bearer is the access token that a request carries.
func bearer(r *http.Request) string {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return ""
	}
	return token
}

// signedIn lets only requests with a good access token through to the API.
func (s *Server) signedIn(handle func(http.ResponseWriter, *http.Request, *account)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a := s.owning(bearer(r))
		if a == nil {
			s.forbid(w)
			return
		}
		handle(w, r, a)
	}
}

// owning finds the account of an access token that works, or nil.
func (s *Server) owning(access string) *account {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.tokens {
		expiry, ok := g.access[access]
		if ok && s.cfg.Now().Before(expiry) && !g.account.Suspended {
			return g.account
		}
	}
	return nil
}

// forbid answers a bad access token, part A1.
func (s *Server) forbid(w http.ResponseWriter) {
	switch s.cfg.BadToken {
	case BadTokenHTML:
		writeHTML(w, http.StatusForbidden, "403 Forbidden")
	case BadTokenEmpty:
		w.WriteHeader(http.StatusForbidden)
	default:
		writeJSON(w, http.StatusForbidden, detail{"Invalid access_token"})
	}
}

// refuse answers a request that meets a fault of its token, and makes the fault
// come true: an expired token has expired, a revoked one is revoked.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, kind fault.Kind) {
	if endpoint := s.endpoint(r); endpoint == EndpointToken || endpoint == EndpointRevoke {
		oauthError(w, http.StatusBadRequest, "invalid_grant", "The token is not valid.")
		return
	}
	s.mu.Lock()
	for _, g := range s.tokens {
		if _, ok := g.access[bearer(r)]; !ok {
			continue
		}
		delete(g.access, bearer(r))
		if kind == fault.RevokedToken {
			g.end()
		}
	}
	s.mu.Unlock()
	s.forbid(w)
}

// ExpireTokens ends the account's access tokens; its refresh tokens still work.
func (s *Server) ExpireTokens(accountID string) {
	s.eachGrant(accountID, func(g *grant) { clear(g.access) })
}

// RevokeTokens ends the account's access and refresh tokens.
func (s *Server) RevokeTokens(accountID string) {
	s.eachGrant(accountID, (*grant).end)
}

// SetPermission changes what an agent may do; agentID is as the token endpoint tells it. Who is signed in stays so, and the next
// renewal tells.
func (s *Server) SetPermission(accountID, agentID, permission string) {
	s.eachGrant(accountID, func(g *grant) {
		if strconv.FormatInt(g.agent.ID, 10) == agentID {
			g.agent.Permission = permission
		}
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	agents := s.account(accountID).Agents
	for i := range agents {
		if strconv.FormatInt(agents[i].ID, 10) == agentID {
			agents[i].Permission = permission
		}
	}
}

// LiveTokens counts the account's access and refresh tokens that still work.
func (s *Server) LiveTokens(accountID string) (access, refresh int) {
	s.eachGrant(accountID, func(g *grant) {
		for _, expiry := range g.access {
			if s.cfg.Now().Before(expiry) {
				access++
			}
		}
		if g.refresh != "" {
			refresh++
		}
	})
	return access, refresh
}

func (s *Server) eachGrant(accountID string, do func(*grant)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(accountID)
	for _, g := range s.tokens {
		if g.account == a {
			do(g)
		}
	}
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
