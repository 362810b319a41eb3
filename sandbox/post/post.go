package post

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const (
	kept      = 100       // of mails, and of webhooks
	mailLimit = 256 << 10 // bytes of one mail
	hookLimit = 64 << 10  // bytes of one webhook
)

// Config says how the stand-in behaves.
type Config struct {
	Secret string           // of the webhooks, "whsec_…"; "" trusts none of them
	Now    func() time.Time // nil is time.Now
}

// Server is the mail server and the receiver. Make one with [New].
type Server struct {
	cfg    Config
	signer *standardwebhooks.Webhook // nil trusts none
	mux    *http.ServeMux
	smtp   *smtp.Server

	mu        sync.Mutex
	mails     []Mail // oldest first
	hooks     []Hook
	mailFault []MailFault
	hookFault []int
}

// Mail is a message that came.
type Mail struct {
	From    string // of the envelope
	To      []string
	At      time.Time
	Header  map[string][]string
	Subject string // decoded
	Text    string // decoded
	Raw     string // as it came
}

// Hook is a webhook that came.
type Hook struct {
	ID       string // webhook-id
	At       time.Time
	Body     string
	Verified bool // its signature fits, and its time is near ours
	Status   int  // what it was answered
}

// New makes a stand-in. A secret that is none is like no secret.
func New(cfg Config) *Server {
	s := &Server{cfg: cfg, mux: http.NewServeMux()}
	if cfg.Secret != "" {
		s.signer, _ = standardwebhooks.NewWebhook(cfg.Secret) // nil on an error
	}
	s.mux.HandleFunc("GET /{$}", s.page)
	s.mux.HandleFunc("POST /hook", s.hook)
	s.smtp = newSMTP(s)
	return s
}

// ServeHTTP shows what came, and receives webhooks.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Mails returns what came by mail, the oldest first.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

// Hooks returns the webhooks that came, the oldest first, refused ones too.
func (s *Server) Hooks() []Hook {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Hook(nil), s.hooks...)
}

// FailHooks answers the next webhooks with these statuses, one each. Status 0 breaks the connection instead.
func (s *Server) FailHooks(statuses ...int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hookFault = append(s.hookFault, statuses...)
}

// hook takes a webhook. It is kept whatever it is answered.
func (s *Server) hook(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, hookLimit))
	if err != nil {
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		return
	}
	h := Hook{ID: r.Header.Get(standardwebhooks.HeaderWebhookID), At: s.now(), Body: string(body), Status: http.StatusNoContent}
	h.Verified = s.verified(r.Header, body)
	if !h.Verified || !json.Valid(body) {
		h.Status = http.StatusUnauthorized
	}
	s.mu.Lock()
	if len(s.hookFault) > 0 {
		h.Status, s.hookFault = s.hookFault[0], s.hookFault[1:]
	}
	s.hooks = newest(append(s.hooks, h))
	s.mu.Unlock()
	switch h.Status {
	case 0:
		panic(http.ErrAbortHandler)
	case http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		w.Header().Set("Location", "/hook?again")
	}
	w.WriteHeader(h.Status)
}

// tolerance is how far a webhook's time may lie from ours.
const tolerance = 5 * time.Minute

// verified is the library's Verify, by our own clock.
func (s *Server) verified(h http.Header, body []byte) bool {
	at, err := strconv.ParseInt(h.Get(standardwebhooks.HeaderWebhookTimestamp), 10, 64)
	if err != nil || s.now().Sub(time.Unix(at, 0)).Abs() > tolerance {
		return false
	}
	return s.signer != nil && s.signer.VerifyIgnoringTimestamp(body, h) == nil
}

func (s *Server) now() time.Time {
	if s.cfg.Now != nil {
		return s.cfg.Now()
	}
	return time.Now()
}

func newest[T any](list []T) []T { return list[max(0, len(list)-kept):] }
