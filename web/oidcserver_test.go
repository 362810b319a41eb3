package web

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// identityServer is a small OpenID Connect provider over real HTTP. Its browser page doesn't exist: who asks to be authorized
// is the person in it. What it does wrong can be set.
type identityServer struct {
	t   *testing.T
	url string
	now func() time.Time

	mu       sync.Mutex
	down     bool
	postOnly bool // takes the client's secret in the body alone
	claims   func(claims map[string]any)
	keys     []jose.JSONWebKey // the last one signs
	publish  int               // keys that are told, from the last one back
	codes    map[string]url.Values
	asked    map[string]int
}

const (
	oidcClient = "addtomojo-support"
	oidcSecret = "a secret of the sign-in service & of ours"
)

func newIdentityServer(t *testing.T, now func() time.Time) *identityServer {
	t.Helper()
	s := &identityServer{t: t, now: now, codes: make(map[string]url.Values), asked: make(map[string]int), publish: 1}
	s.rotate()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// rotate makes a new key, which signs from here on.
func (s *identityServer) rotate() {
	s.t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		s.t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = append(s.keys, jose.JSONWebKey{Key: key, KeyID: rand.Text(), Algorithm: "RS256", Use: "sig"})
}

// set changes what the server does.
func (s *identityServer) set(change func(*identityServer)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// as makes every next sign-in one of that person.
func (s *identityServer) as(email string, more ...func(map[string]any)) {
	s.set(func(s *identityServer) {
		s.claims = func(claims map[string]any) {
			claims["email"], claims["email_verified"] = email, true
			for _, change := range more {
				change(claims)
			}
		}
	})
}

func (s *identityServer) count(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[path]
}

func (s *identityServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[r.URL.Path]++
	switch {
	case s.down:
		http.Error(w, "gone fishing", http.StatusServiceUnavailable)
	case r.URL.Path == "/.well-known/openid-configuration":
		s.discovery(w)
	case r.URL.Path == "/keys":
		s.sendKeys(w)
	case r.URL.Path == "/authorize":
		s.authorize(w, r)
	case r.URL.Path == "/token" && r.Method == http.MethodPost:
		s.token(w, r)
	default:
		http.NotFound(w, r)
	}
}

func sendJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v) // a client that is gone needs no answer
}

func (s *identityServer) discovery(w http.ResponseWriter) {
	methods := []string{"client_secret_basic", "client_secret_post"}
	if s.postOnly {
		methods = methods[1:]
	}
	sendJSON(w, http.StatusOK, map[string]any{
		"issuer": s.url, "authorization_endpoint": s.url + "/authorize", "token_endpoint": s.url + "/token", "jwks_uri": s.url + "/keys",
		"id_token_signing_alg_values_supported": []string{"RS256"}, "token_endpoint_auth_methods_supported": methods,
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
	})
}

func (s *identityServer) sendKeys(w http.ResponseWriter) {
	var set jose.JSONWebKeySet
	for _, k := range s.keys[max(len(s.keys)-s.publish, 0):] {
		set.Keys = append(set.Keys, k.Public())
	}
	sendJSON(w, http.StatusOK, set)
}

func (s *identityServer) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	for name, want := range map[string]string{"client_id": oidcClient, "response_type": "code", "scope": "openid email", "code_challenge_method": "S256"} {
		if q.Get(name) != want {
			s.t.Errorf("authorize: %s: got %q, want %q", name, q.Get(name), want)
		}
	}
	for _, name := range []string{"state", "nonce", "code_challenge"} {
		if len(q.Get(name)) < 43 {
			s.t.Errorf("authorize: %s: got %q, want something random", name, q.Get(name))
		}
	}
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || !strings.HasSuffix(q.Get("redirect_uri"), supportCallbackPath) {
		s.t.Errorf("authorize: redirect_uri: got %q", q.Get("redirect_uri"))
		return
	}
	code := rand.Text()
	s.codes[code] = q
	back.RawQuery = url.Values{"code": {code}, "state": {q.Get("state")}}.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

func (s *identityServer) token(w http.ResponseWriter, r *http.Request) {
	asked, known := s.codes[r.PostFormValue("code")]
	delete(s.codes, r.PostFormValue("code"))
	challenge := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	switch {
	case !s.isClient(r):
		sendJSON(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client", "error_description": r.PostForm.Encode()})
		return
	case !known, r.PostFormValue("redirect_uri") != asked.Get("redirect_uri"),
		base64.RawURLEncoding.EncodeToString(challenge[:]) != asked.Get("code_challenge"):
		sendJSON(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant", "error_description": r.PostForm.Encode()})
		return
	}
	claims := map[string]any{
		"iss": s.url, "sub": "248289761001", "aud": oidcClient, "nonce": asked.Get("nonce"),
		"iat": s.now().Unix(), "exp": s.now().Add(time.Hour).Unix(),
	}
	if s.claims != nil {
		s.claims(claims)
	}
	sendJSON(w, http.StatusOK, map[string]any{"access_token": "access-canary", "token_type": "Bearer", "expires_in": 3600, "id_token": s.sign(claims)})
}

func (s *identityServer) isClient(r *http.Request) bool {
	id, secret, basic := r.BasicAuth()
	if s.postOnly {
		return !basic && r.PostFormValue("client_id") == oidcClient && r.PostFormValue("client_secret") == oidcSecret
	}
	plain, err := url.QueryUnescape(secret)
	return basic && err == nil && id == oidcClient && plain == oidcSecret
}

func (s *identityServer) sign(claims map[string]any) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: s.keys[len(s.keys)-1]}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		s.t.Error(err)
		return ""
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		s.t.Error(err)
	}
	return token
}
