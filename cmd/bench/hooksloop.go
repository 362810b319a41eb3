package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// hookBytes is the length of a hook's body.
const hookBytes = 900

// hookKey signs the hooks.
var hookKey = []byte("0123456789abcdef0123456789abcdef")

// hookSender sends signed hooks as Mojo does (Mojo's API, part B5).
type hookSender struct {
	http *http.Client
	url  string
	size hookSize
	sent atomic.Int64
}

func newHookSender(s hookSize, url string) *hookSender {
	transport := &http.Transport{MaxIdleConnsPerHost: s.Connections, MaxConnsPerHost: s.Connections}
	return &hookSender{http: &http.Client{Timeout: time.Minute, Transport: transport}, url: url + "/hooks/mojo", size: s}
}

func (h *hookSender) close() { h.http.CloseIdleConnections() }

// send sends a hook about some call.
func (h *hookSender) send(ctx context.Context) error { return h.sendCall(ctx, newID()) }

// sendCall sends a hook about the call of that id; customers and contacts take turns.
func (h *hookSender) sendCall(ctx context.Context, id string) error {
	n := int(h.sent.Add(1))
	body := hookBody(n%h.size.Accounts, n/h.size.Accounts%h.size.Contacts, id)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	hookID, at := "msg_"+id, strconv.FormatInt(time.Now().Unix(), 10)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Webhook-Id", hookID)
	r.Header.Set("Webhook-Timestamp", at)
	r.Header.Set("Webhook-Signature", signature(hookID, at, body))
	answer, err := h.http.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusAccepted {
		return fmt.Errorf("a hook is answered %s", answer.Status)
	}
	return nil
}

// hookBody is a call result.
func hookBody(account, contact int, id string) []byte {
	const text = `{"type":"call.completed","timestamp":"%s","data":{"account_id":%d,"agent":{"id":41,"name":"Dana Ruiz","email":"dana@example.com"},` +
		`"contact":{"contact_id":%d,"api_contact_id":"%s","full_name":"Person %d","mediainfo_set":[{"type":2,"value":"5205550143"}]},` +
		`"call":{"id":"%s","result":"contact","phone":"5205550143","phone_type":2,"started_at":"%s","duration_seconds":42,` +
		`"group":{"id":7,"name":"Bench"},"recording_url":null,"notes":"`
	const end = `"}}}`
	now := time.Now().UTC().Format(time.RFC3339)
	body := fmt.Appendf(make([]byte, 0, hookBytes), text, now, account+1, contactID(account, contact), clientIDOf(account, contact), contact, id, now)
	for len(body) < hookBytes-len(end) {
		body = append(body, "Wants a valuation in spring. "[:min(29, hookBytes-len(end)-len(body))]...)
	}
	return append(body, end...)
}

// contactID and clientIDOf are a contact's ids in Mojo and in Wise Agent.
func contactID(account, contact int) int64 { return int64(account+1)*1_000_000 + int64(contact) + 1 }
func clientIDOf(account, contact int) string {
	return strconv.FormatInt(contactID(account, contact), 10)
}

func signature(id, at string, body []byte) string {
	mac := hmac.New(sha256.New, hookKey)
	mac.Write([]byte(id + "." + at + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// checkOnly is the bare control of what is accepted: it checks a hook and keeps nothing.
func checkOnly(w http.ResponseWriter, r *http.Request) {
	if _, ok := checked(w, r); ok {
		w.WriteHeader(http.StatusAccepted)
	}
}

// checked reads a hook and checks its signature, or answers that it doesn't fit.
func checked(w http.ResponseWriter, r *http.Request) (body []byte, ok bool) {
	body, err := io.ReadAll(r.Body)
	want := signature(r.Header.Get("Webhook-Id"), r.Header.Get("Webhook-Timestamp"), body)
	if err != nil || !hmac.Equal([]byte(want), []byte(r.Header.Get("Webhook-Signature"))) {
		http.Error(w, "signature", http.StatusUnauthorized)
		return nil, false
	}
	return body, true
}

// newID is an id that no other is.
func newID() string { return strings.ToLower(rand.Text()) }

func newIDs(n int) (ids []string) {
	for range n {
		ids = append(ids, newID())
	}
	return ids
}

// each does something with all of them, so many side by side.
func each(ctx context.Context, atOnce int, ids []string, do func(context.Context, string) error) error {
	var taken atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for range atOnce {
		group.Go(func() error {
			for i := int(taken.Add(1)) - 1; i < len(ids); i = int(taken.Add(1)) - 1 {
				if err := do(ctx, ids[i]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// closedLoop does something for a while, so many side by side, each again as soon as it is done. It tells how often in a second.
func closedLoop(ctx context.Context, atOnce int, span time.Duration, do func(context.Context) error) (float64, error) {
	begin := time.Now()
	end := begin.Add(span)
	var done atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for range atOnce {
		group.Go(func() error {
			for time.Now().Before(end) {
				if err := do(ctx); err != nil {
					return err
				}
				done.Add(1)
			}
			return nil
		})
	}
	err := group.Wait()
	return float64(done.Load()) / time.Since(begin).Seconds(), err
}

// openLoop does something at a fixed rate, whether or not what was begun before is done; at most so many side by side, the others
// wait. It tells how long each took from the moment when it was to begin, in that order.
func openLoop(ctx context.Context, atOnce, perSecond int, span time.Duration, do func(ctx context.Context, planned time.Time) error) ([]time.Duration, error) {
	took := make([]time.Duration, int(span.Seconds()*float64(perSecond)))
	begin := time.Now()
	var taken atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for range atOnce {
		group.Go(func() error {
			for i := int(taken.Add(1)) - 1; i < len(took); i = int(taken.Add(1)) - 1 {
				planned := begin.Add(time.Duration(i) * time.Second / time.Duration(perSecond))
				if err := sleep(ctx, time.Until(planned)); err != nil {
					return err
				}
				if err := do(ctx, planned); err != nil {
					return err
				}
				took[i] = time.Since(planned)
			}
			return nil
		})
	}
	return took, group.Wait()
}
