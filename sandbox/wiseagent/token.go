package wiseagent

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// A code is what a consent gives to the app, to be exchanged once.
type code struct {
	account   *account
	scopes    []string
	redirect  string
	challenge string // PKCE, S256; "" when the app sent none
	expires   time.Time
	grant     *grant // set once the code was used
}

// A grant is one consent with the tokens that came of it.
type grant struct {
	account *account
	scopes  []string
	public  bool // made with PKCE and without the client's secret
}

// An accessToken opens the data API until it expires or is revoked.
type accessToken struct {
	grant   *grant
	expires time.Time
	revoked bool
}

// tokenWire is the answer of the token endpoint (Wise Agent API, section 1.4). There is no token_type and no expires_in.
type tokenWire struct {
	AccessToken  string `json:"access_token"`
	ExpiresAt    string `json:"expires_at"`
	RefreshToken string `json:"refresh_token"`
}

// oauthTime is how the OAuth server writes times.
const oauthTime = "2006-01-02T15:04:05.000Z"

// token exchanges codes and refresh tokens.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	fields, err := tokenFields(r)
	if err != nil {
		oauthError(w, http.StatusBadRequest, "invalid_request", "The body is neither JSON nor a form")
		return
	}
	withSecret, ok := s.authenticate(r, fields)
	if !ok {
		oauthError(w, http.StatusUnauthorized, "invalid_client", "The OAuth client was not found")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var answer tokenWire
	var refused *refusal
	switch fields["grant_type"] {
	case "authorization_code":
		answer, refused = s.exchange(fields, withSecret)
	case "refresh_token":
		answer, refused = s.rotate(fields, withSecret)
	default:
		refused = &refusal{http.StatusBadRequest, "unsupported_grant_type", "The grant type is not supported"}
	}
	if refused != nil {
		oauthError(w, refused.status, refused.code, refused.text)
		return
	}
	send(w, http.StatusOK, answer, true)
}

// A refusal is an error answer of the OAuth server.
type refusal struct {
	status     int
	code, text string
}

// tokenFields reads the body of a token request, JSON or form. Values of JSON that are not strings count as absent.
func tokenFields(r *http.Request) (map[string]string, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	if err != nil {
		return nil, fmt.Errorf("read body: %w", err)
	}
	fields := map[string]string{}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		var values map[string]any
		if err := json.Unmarshal(body, &values); err != nil {
			return nil, fmt.Errorf("read json: %w", err)
		}
		for name, v := range values {
			if text, ok := v.(string); ok {
				fields[name] = text
			}
		}
		return fields, nil
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, fmt.Errorf("read form: %w", err)
	}
	for name := range form {
		fields[name] = form.Get(name)
	}
	return fields, nil
}

// authenticate checks who calls the token endpoint: id and secret by HTTP Basic or in the body, or an id alone, which is
// enough for apps that use PKCE.
func (s *Server) authenticate(r *http.Request, fields map[string]string) (withSecret, ok bool) {
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = fields["client_id"], fields["client_secret"]
	}
	if id != s.cfg.ClientID {
		return false, false
	}
	if secret == "" && !basic {
		return false, true
	}
	same := subtle.ConstantTimeCompare([]byte(secret), []byte(s.cfg.ClientSecret)) == 1
	return true, same
}

// exchange gives the first tokens for a code. A code is good for one use; a second one ends what the first one gave.
func (s *Server) exchange(fields map[string]string, withSecret bool) (tokenWire, *refusal) {
	dead := &refusal{http.StatusBadRequest, "invalid_grant", "The authorization code is not valid"}
	c := s.codes[fields["code"]]
	if c == nil {
		return tokenWire{}, dead
	}
	if c.grant != nil {
		s.end(c.grant)
		return tokenWire{}, dead
	}
	if to := fields["redirect_uri"]; to != "" && to != c.redirect {
		return tokenWire{}, dead
	}
	if !s.cfg.Now().Before(c.expires) || !c.proves(fields["code_verifier"]) {
		return tokenWire{}, dead
	}
	if !withSecret && c.challenge == "" {
		return tokenWire{}, &refusal{http.StatusUnauthorized, "invalid_client", "The OAuth client was not authenticated"}
	}
	c.grant = &grant{account: c.account, scopes: c.scopes, public: !withSecret}
	return s.issue(c.grant), nil
}

// proves says whether the verifier belongs to the challenge of the code. Without a challenge any verifier does.
func (c *code) proves(verifier string) bool {
	if c.challenge == "" {
		return true
	}
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:]) == c.challenge
}

// rotate gives new tokens for a refresh token, which ends with that.
func (s *Server) rotate(fields map[string]string, withSecret bool) (tokenWire, *refusal) {
	g := s.refresh[fields["refresh_token"]]
	if g == nil {
		return tokenWire{}, &refusal{http.StatusUnauthorized, "invalid_grant", "The refresh token is not valid"}
	}
	if !withSecret && !g.public {
		return tokenWire{}, &refusal{http.StatusUnauthorized, "invalid_client", "The OAuth client was not authenticated"}
	}
	delete(s.refresh, fields["refresh_token"])
	s.rotated++
	return s.issue(g), nil
}

// issue makes a pair of tokens.
func (s *Server) issue(g *grant) tokenWire {
	access, refresh := "wa_at_"+rand.Text(), "wa_rt_"+rand.Text()
	expires := s.cfg.Now().Add(s.cfg.AccessTTL)
	s.access[access] = &accessToken{grant: g, expires: expires}
	s.refresh[refresh] = g
	return tokenWire{access, expires.UTC().Format(oauthTime), refresh}
}

// end takes all tokens of a grant away.
func (s *Server) end(g *grant) {
	s.endAccess(g)
	for text, owner := range s.refresh {
		if owner == g {
			delete(s.refresh, text)
		}
	}
}

// endAccess takes the access tokens of a grant away.
func (s *Server) endAccess(g *grant) {
	for _, t := range s.access {
		if t.grant == g {
			t.revoked = true
		}
	}
}

// revoke ends a token (Wise Agent API, section 1.7). Revoking the refresh token leaves the access token alive, and makes the
// user be asked for consent again. A token that is unknown is fine too.
func (s *Server) revoke(w http.ResponseWriter, r *http.Request) {
	text := r.PostFormValue("token")
	if text == "" {
		oauthError(w, http.StatusBadRequest, "invalid_request", "The token is missing")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.access[text]; t != nil {
		s.endAccess(t.grant)
	}
	if g := s.refresh[text]; g != nil {
		delete(s.refresh, text)
		clear(g.account.consent)
	}
	w.WriteHeader(http.StatusOK)
}

// bearer finds the access token of an API request, or the answer that refuses it (Wise Agent API, section 1.6).
func (s *Server) bearer(r *http.Request) (*accessToken, *refusal) {
	text, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || text == "" {
		return nil, &refusal{status: http.StatusOK}
	}
	t := s.access[text]
	switch {
	case t == nil:
		return nil, &refusal{http.StatusUnauthorized, "invalid_client", "The OAuth client was not found"}
	case t.revoked:
		return nil, &refusal{http.StatusUnauthorized, "invalid_grant", "The token has been revoked"}
	case !s.cfg.Now().Before(t.expires):
		return nil, &refusal{http.StatusUnauthorized, "invalid_grant", "The token has expired"}
	}
	return t, nil
}

// allows says whether the token has one of the scopes, which blanks separate.
func (t *accessToken) allows(scopes string) bool {
	return slices.ContainsFunc(strings.Fields(scopes), func(scope string) bool { return slices.Contains(t.grant.scopes, scope) })
}
