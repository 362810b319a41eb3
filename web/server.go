package web

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"addtomojo/bridge"
	"addtomojo/static"
	"addtomojo/store"
)

// Server is the web part's configuration. Bridge, Store, BaseURL and SessionKeys are required.
type Server struct {
	Bridge *bridge.Bridge
	Store  *store.Store

	BaseURL          string         // our own origin, such as https://add.example.com; http on loopback only
	WiseAgentAuthURL string         // origin of Wise Agent's consent page: a form may end in a redirect there
	LaunchSecret     string         // WISEAGENT_LAUNCH_SECRET; "" takes unsigned launches
	SessionKeys      [][]byte       // sign the session cookie; the first signs, all are accepted; 32 bytes at least
	HookSecrets      []string       // MOJO_WEBHOOK_SECRETS, each "whsec_…", all are accepted; none: hooks are answered 503
	APITokens        []string       // MOJO_API_TOKENS, all are accepted; none: every call is answered 401
	Support          Support        // who may look at /support; the zero value lets in who has a one-time link alone
	TrustedProxies   []netip.Prefix // who is believed in whom a request comes from; none: the connection's own address counts
	ClientIPHeader   string         // where they say it, such as Fly-Client-IP; "" is X-Forwarded-For

	// Measure is told of each request: its route, the answer's status and how long that took. Whatever has no route is of NoRoute.
	// Nil tells nobody.
	Measure func(r Route, status int, took time.Duration)
	Log     *slog.Logger     // nil is slog.Default()
	Now     func() time.Time // nil is time.Now

	// Stopping ends the event streams when it is closed, so that a server that shuts down needn't wait for them. Nil
	// never ends them early.
	Stopping <-chan struct{}
}

// app is a Server at work: its settings and what is made of them.
type app struct {
	*Server
	sessions *sessionStore
	members  *sessionStore // of support staff
	launches *pace         // of unsigned launches
	signIns  *pace         // of support staff
	identity *identity
	zippers  sync.Pool // of *gzip.Writer
	static   *static.Files
	hooks    []*standardwebhooks.Webhook // one for each secret
	tokens   [][sha256.Size]byte
	secure   bool           // BaseURL is https
	csp      string         // Content-Security-Policy with a %s for the nonce
	known    map[Route]bool // every route
}

// Handler checks the settings and gives the handler of everything the service answers.
func (s *Server) Handler() (http.Handler, error) {
	return s.echo()
}

// Routes lists every route as method and pattern, such as "POST" and "/add/:launch/push".
func (s *Server) Routes() ([]Route, error) {
	e, err := s.echo()
	if err != nil {
		return nil, err
	}
	return routesOf(e), nil
}

func routesOf(e *echo.Echo) (list []Route) {
	for _, r := range e.Routes() {
		list = append(list, Route{Method: r.Method, Pattern: r.Path})
	}
	return list
}

// Route is one line of the routing table.
type Route struct{ Method, Pattern string }

// NoRoute is the pattern of requests for which there is no route.
const NoRoute = "none"

func (s *Server) echo() (*echo.Echo, error) {
	a, err := s.app()
	if err != nil {
		return nil, err
	}
	e := echo.New()
	e.IPExtractor = trustedIP(s.TrustedProxies, s.ClientIPHeader)
	e.HTTPErrorHandler = a.problem
	a.routes(e)
	a.known = make(map[Route]bool)
	for _, r := range routesOf(e) {
		a.known[r] = true
	}
	return e, nil
}

func (s *Server) app() (*app, error) {
	if s.Bridge == nil || s.Store == nil {
		return nil, errors.New("web: Bridge and Store are required")
	}
	base, err := origin(s.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("web: BaseURL: %w", err)
	}
	secure := strings.HasPrefix(base, "https:")
	sessions, err := newSessionStore(s.Store, s.SessionKeys, secure, s.now)
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	if err := s.Support.check(); err != nil {
		return nil, fmt.Errorf("web: Support: %w", err)
	}
	formTarget := ""
	if s.WiseAgentAuthURL != "" {
		if formTarget, err = origin(s.WiseAgentAuthURL); err != nil {
			return nil, fmt.Errorf("web: WiseAgentAuthURL: %w", err)
		}
	}
	a := &app{
		Server: s, sessions: sessions, static: static.New(), secure: secure, csp: contentPolicy(formTarget),
		launches: &pace{Every: launchesPerSecond, Burst: launchesAtOnce, Now: s.now},
		signIns:  &pace{Every: signInsPerSecond, Burst: signInsAtOnce, Now: s.now},
	}
	if a.members, err = newSessionStore(s.Store, s.SessionKeys, secure, s.now); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	a.members.Staff = true
	a.identity = newIdentity(s.Support, base, s.now)
	if a.hooks, err = hookSecrets(s.HookSecrets); err != nil {
		return nil, fmt.Errorf("web: HookSecrets: %w", err)
	}
	if a.tokens, err = apiTokens(s.APITokens); err != nil {
		return nil, fmt.Errorf("web: APITokens: %w", err)
	}
	if err := CheckClientIPHeader(s.ClientIPHeader, s.TrustedProxies); err != nil {
		return nil, fmt.Errorf("web: ClientIPHeader: %w", err)
	}
	return a, nil
}

// origin is scheme and host of an address that may be asked: https, or http on loopback.
func origin(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", errors.New("not an address")
	}
	if u.Host == "" || u.User != nil || !(u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname())) {
		return "", fmt.Errorf("%q is neither https nor http on loopback", u.Redacted())
	}
	return u.Scheme + "://" + u.Host, nil
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

func (s *Server) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

func (s *Server) log() *slog.Logger {
	if s.Log != nil {
		return s.Log
	}
	return slog.Default()
}
