package web

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"addtomojo/store"
)

const (
	hookPath      = "/hooks/mojo"
	hookLimit     = 256 << 10       // largest body of a hook in bytes
	hookTolerance = 5 * time.Minute // how far a hook's timestamp may lie from our clock, both ways
	hookIDLimit   = 256             // longest webhook-id in bytes
	hookKeyLeast  = 24              // bytes; the specification asks for 24 to 64
)

var (
	errHooksOff      = errors.New("hook: no secret is set")
	errHookSignature = errors.New("hook: the signature does not fit")
	errHookOld       = errors.New("hook: the timestamp is too far from our clock")
)

// hook takes what Mojo tells us (Mojo's API, part B5). It answers 202 when the event is on disk, and never before.
func (a *app) hook(c echo.Context) error {
	if len(a.hooks) == 0 {
		return errHooksOff
	}
	body, err := readBody(c)
	if err != nil {
		return err
	}
	id, behind, err := a.verified(c.Request().Header, body)
	switch {
	case errors.Is(err, errHookSignature):
		a.Bridge.RefuseHook(body, store.HookSignature, 0)
	case errors.Is(err, errHookOld):
		a.Bridge.RefuseHook(body, store.HookClock, behind)
	}
	if err != nil {
		return err
	}
	if err := a.Bridge.Receive(c.Request().Context(), id, body); err != nil {
		return err
	}
	return c.NoContent(http.StatusAccepted)
}

// verified checks a hook's headers as the Standard Webhooks specification says, and gives its id. The signature comes first:
// who doesn't know a secret learns nothing about our clock. behind is how far a well signed hook's time lies behind that clock.
func (a *app) verified(h http.Header, body []byte) (id string, behind time.Duration, err error) {
	for _, name := range []string{standardwebhooks.HeaderWebhookID, standardwebhooks.HeaderWebhookTimestamp, standardwebhooks.HeaderWebhookSignature} {
		if len(h.Values(name)) != 1 {
			return "", 0, errHookSignature // missing, or given twice: which one would count?
		}
	}
	fits := false
	for _, secret := range a.hooks {
		fits = secret.VerifyIgnoringTimestamp(body, h) == nil || fits
	}
	id = h.Get(standardwebhooks.HeaderWebhookID)
	if !fits || len(id) > hookIDLimit {
		return "", 0, errHookSignature
	}
	// The library's own check of the age knows no other clock than time.Now.
	ts, err := strconv.ParseInt(h.Get(standardwebhooks.HeaderWebhookTimestamp), 10, 64)
	if err != nil {
		return "", 0, errHookSignature
	}
	behind = time.Unix(a.now().Unix(), 0).Sub(time.Unix(ts, 0))
	if behind.Abs() > hookTolerance {
		return "", behind, errHookOld
	}
	return id, behind, nil
}

// readBody reads a body up to the route's limit.
func readBody(c echo.Context) ([]byte, error) {
	var read bytes.Buffer
	if said := c.Request().ContentLength; said > 0 {
		read.Grow(int(min(said, 4<<10)) + bytes.MinRead) // saying more costs the sender nothing; the rest is to see the end
	}
	_, err := read.ReadFrom(c.Request().Body)
	body := read.Bytes()
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, large
	case err != nil:
		return nil, errJSON // cut off on its way
	}
	return body, nil
}

// CheckHookSecrets says what is wrong with [Server.HookSecrets], without quoting any.
func CheckHookSecrets(secrets []string) error {
	_, err := hookSecrets(secrets)
	return err
}

// hookSecrets reads secrets as "whsec_" and a key in base64. The error quotes none of them.
func hookSecrets(secrets []string) (list []*standardwebhooks.Webhook, err error) {
	for i, s := range secrets {
		key, ok := strings.CutPrefix(strings.TrimSpace(s), "whsec_")
		raw, err := base64.StdEncoding.DecodeString(key)
		if !ok || err != nil || len(raw) < hookKeyLeast {
			return nil, fmt.Errorf("secret %d is not whsec_ and base64 of %d bytes or more", i+1, hookKeyLeast)
		}
		secret, err := standardwebhooks.NewWebhookRaw(raw)
		if err != nil {
			return nil, fmt.Errorf("secret %d can't be used", i+1)
		}
		list = append(list, secret)
	}
	return list, nil
}
