package mojo

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// hookRetries is when a hook that failed is tried again; the last one repeats.
var hookRetries = []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second}

// SetHookSecrets replaces the secrets that hooks are signed with ("whsec_" and
// the key in base64). Each signs: so a sender rotates its secret. It panics when
// one of them is none.
func (s *Server) SetHookSecrets(secrets ...string) {
	keys := make([][]byte, len(secrets))
	for i, secret := range secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		if err != nil || len(key) == 0 {
			panic("mojo sandbox: a hook secret is whsec_ and a key in base64")
		}
		keys[i] = key
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hookKeys = keys
}

// Close stops sending hooks and waits until those on their way have come back.
// The server goes on to serve.
func (s *Server) Close() {
	s.stopSending()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.changed.Broadcast()
	for s.sending {
		s.changed.Wait()
	}
}

// Flush tries every hook that waits, now, whatever the schedule says, and
// returns when each was acknowledged or has failed once more. It is an error
// when some still wait. A contact's hooks behind one that failed are not tried.
func (s *Server) Flush(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.changed.Broadcast()
	})()
	s.dueNow()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flushing++
	s.startSending()
	for ctx.Err() == nil && !s.closed && (s.inFlight > 0 || s.due() != nil) {
		s.changed.Wait()
	}
	s.flushing--
	s.changed.Broadcast()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("flush hooks: %w", err)
	}
	if len(s.waiting) > 0 {
		return fmt.Errorf("flush hooks: %d still wait; the first: %s", len(s.waiting), s.waiting[0].Problem)
	}
	return nil
}

// Repeat sends a hook that many times more, all at once, whatever its state is
// and without changing it. It is an error when an answer is not a 2xx.
func (s *Server) Repeat(ctx context.Context, webhookID string, times int) error {
	h, ok := s.Hook(webhookID)
	if !ok {
		return fmt.Errorf("repeat hook: there is no hook %s", webhookID)
	}
	errs := make([]error, times)
	var wg sync.WaitGroup
	for i := range times {
		wg.Go(func() { _, errs[i] = s.post(ctx, h) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// HookRequest is the signed request that carries a hook, for a caller that
// sends it itself.
func (s *Server) HookRequest(ctx context.Context, h Hook) (*http.Request, error) {
	s.mu.Lock()
	address, keys := s.hookURL, s.hookKeys
	s.mu.Unlock()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(h.Body))
	if err != nil {
		return nil, err
	}
	at := strconv.FormatInt(s.cfg.Now().Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Mojo-Hooks/1.0")
	req.Header.Set("webhook-id", h.ID)
	req.Header.Set("webhook-timestamp", at)
	req.Header.Set("webhook-signature", sign(keys, h.ID, at, h.Body))
	return req, nil
}

// sign signs a message as the Standard Webhooks specification says, with every
// key: HMAC-SHA256 over id, timestamp and body, joined by dots.
func sign(keys [][]byte, id, at string, body []byte) string {
	signatures := make([]string, len(keys))
	for i, key := range keys {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + at + "."))
		mac.Write(body)
		signatures[i] = "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return strings.Join(signatures, " ")
}

// startSending wakes the sender, or starts it. Server.mu must be held.
func (s *Server) startSending() {
	switch {
	case s.sending:
		s.changed.Broadcast()
	case !s.closed && s.maySend():
		s.sending = true
		go s.sendAll()
	}
}

// maySend says whether hooks may leave now.
func (s *Server) maySend() bool { return !s.cfg.ManualHooks || s.flushing > 0 }

// sendAll hands out the hooks that wait, until none is left.
func (s *Server) sendAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		done := s.closed || !s.maySend() || len(s.waiting) == 0
		if done && s.inFlight == 0 {
			s.sending = false
			s.changed.Broadcast()
			return
		}
		if done || s.inFlight >= s.cfg.HookWorkers {
			s.changed.Wait()
			continue
		}
		h := s.due()
		if h == nil {
			s.waitForNext()
			continue
		}
		h.inFlight = true
		s.inFlight++
		go s.send(h, s.options.Doubles)
	}
}

// waitForNext waits until something happens or the next hook is due.
func (s *Server) waitForNext() {
	var next time.Time
	now := time.Now()
	for _, h := range s.waiting {
		if !h.inFlight && h.nextAt.After(now) && (next.IsZero() || h.nextAt.Before(next)) {
			next = h.nextAt
		}
	}
	if !next.IsZero() {
		defer time.AfterFunc(time.Until(next), func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.changed.Broadcast()
		}).Stop()
	}
	s.changed.Wait()
}

// due picks the hook to send next, nil when there is none. A hook waits for the
// earlier ones of its contact, and one without a contact for all of its account;
// with disorder, any may go.
func (s *Server) due() *hook {
	now := time.Now()
	if s.options.Disorder {
		return s.anyDue(now)
	}
	behind := make(map[lane]bool)
	for _, h := range s.waiting {
		whole, own := lane{account: h.AccountID}, lane{h.AccountID, h.ContactID, true}
		free := !behind[own] && !behind[lane{h.AccountID, 0, true}] && (h.ContactID != 0 || !behind[whole])
		if free && h.ready(now) {
			return h
		}
		behind[own], behind[whole] = true, true
	}
	return nil
}

// lane is what keeps its order: a contact, and beside it the account as a whole.
type lane struct {
	account   string
	contactID int64
	contact   bool
}

// anyDue picks the first hook that is due from a random place on.
func (s *Server) anyDue(now time.Time) *hook {
	if len(s.waiting) == 0 {
		return nil
	}
	start := s.rand.IntN(len(s.waiting))
	for i := range s.waiting {
		if h := s.waiting[(start+i)%len(s.waiting)]; h.ready(now) {
			return h
		}
	}
	return nil
}

func (h *hook) ready(now time.Time) bool { return !h.inFlight && !h.nextAt.After(now) }

// send sends a hook, or two copies at once, and notes what came of it.
func (s *Server) send(h *hook, double bool) {
	copies := 1
	if double {
		copies = 2
	}
	statuses, errs := make([]int, copies), make([]error, copies)
	var wg sync.WaitGroup
	for i := range copies {
		wg.Go(func() { statuses[i], errs[i] = s.post(s.sendContext, h.Hook) })
	}
	wg.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	h.inFlight = false
	s.inFlight--
	for i := range copies {
		s.note(h, statuses[i], errs[i])
	}
	s.changed.Broadcast()
}

// note keeps the outcome of one attempt.
func (s *Server) note(h *hook, status int, err error) {
	h.Attempts++
	if h.State == HookAcknowledged {
		return // the other copy came through
	}
	h.Status = status
	if err == nil {
		h.State, h.Problem = HookAcknowledged, ""
		s.settled(h)
		return
	}
	h.Problem = err.Error()
	delay := s.cfg.HookRetries[min(h.Attempts, len(s.cfg.HookRetries))-1]
	h.nextAt = time.Now().Add(delay)
}

// post sends one copy of a hook and returns the status of the answer.
func (s *Server) post(ctx context.Context, h Hook) (status int, err error) {
	req, err := s.HookRequest(ctx, h)
	if err != nil {
		return 0, fmt.Errorf("send hook: %w", err)
	}
	res, err := s.cfg.HTTP.Do(req)
	if err != nil {
		return 0, fmt.Errorf("send hook: %w", err)
	}
	defer res.Body.Close()
	io.Copy(io.Discard, io.LimitReader(res.Body, 1<<16)) // so that the connection can be used again
	if res.StatusCode/100 != 2 {
		return res.StatusCode, fmt.Errorf("send hook: the service answered %d", res.StatusCode)
	}
	return res.StatusCode, nil
}
