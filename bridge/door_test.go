package bridge_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"addtomojo/web"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const doorSecret = "whsec_c3Rvcm1zIGNvbWUgaW4gYnkgdGhlIGZyb250IGRvb3I="

// door is the web server before a bridge, and Mojo before the door: what it tells comes as signed hooks, over as many connections as
// there are hooks at once.
type door struct {
	url  string
	http *http.Client
	sign *standardwebhooks.Webhook
	now  func() time.Time // of the service: a hook's time must be near it
}

// newDoor starts a web server before the town's bridge.
func (w *town) newDoor() *door {
	w.t.Helper()
	pages := &web.Server{
		Bridge: w.Bridge, Store: w.Store, BaseURL: w.BaseURL, SessionKeys: [][]byte{make([]byte, 32)}, HookSecrets: []string{doorSecret},
		Now: w.Now, Log: slog.New(slog.NewTextHandler(w.logged, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	handler, err := pages.Handler()
	w.need(err)
	sign, err := standardwebhooks.NewWebhook(doorSecret)
	w.need(err)
	wires := &http.Transport{MaxIdleConnsPerHost: 128}
	w.t.Cleanup(wires.CloseIdleConnections)
	return &door{url: serve(w.t, handler), http: &http.Client{Timeout: time.Minute, Transport: wires}, sign: sign, now: w.Now}
}

// tell sends a hook, and fails unless it is acknowledged.
func (d *door) tell(ctx context.Context, id string, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url+"/hooks/mojo", bytes.NewReader(body))
	if err != nil {
		return err
	}
	at := d.now()
	signature, err := d.sign.Sign(id, at, body)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(standardwebhooks.HeaderWebhookID, id)
	r.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	r.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	answer, err := d.http.Do(r)
	if err := visit(answer, err); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusAccepted {
		return fmt.Errorf("hook %s is answered %s", id, answer.Status)
	}
	return nil
}
