package bridge

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// noticeHookTime is how long the receiver of a webhook may take to answer.
const noticeHookTime = 10 * time.Second

// NoticeHook tells the operator's own system of a connection that needs a sign-in, by a webhook that is signed as the Standard
// Webhooks specification says. The same one may arrive more than once, with the same webhook-id. Make one with [NewNoticeHook].
type NoticeHook struct {
	address string
	signer  *standardwebhooks.Webhook
	client  *http.Client
}

// NewNoticeHook takes the receiver's address, https or http on loopback, and the secret as "whsec_" and base64 of 24 bytes or
// more. The error quotes neither.
func NewNoticeHook(address, secret string) (*NoticeHook, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && onLoopback(u.Hostname())) {
		return nil, errors.New("the address must be https://… (http is for this machine alone)")
	}
	key, prefixed := strings.CutPrefix(strings.TrimSpace(secret), "whsec_")
	raw, err := base64.StdEncoding.DecodeString(key)
	if !prefixed || err != nil || len(raw) < 24 {
		return nil, errors.New("the secret must be whsec_ and base64 of 24 bytes or more")
	}
	signer, err := standardwebhooks.NewWebhookRaw(raw)
	if err != nil {
		return nil, errors.New("the secret can't be used")
	}
	return &NoticeHook{address: address, signer: signer, client: &http.Client{
		Timeout:       noticeHookTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // it is signed for the address that was set
	}}, nil
}

// post sends it once. The error is a *refusal; the receiver may have taken it all the same.
func (h *NoticeHook) post(ctx context.Context, id string, now time.Time, body []byte) error {
	signature, err := h.signer.Sign(id, now, body)
	if err != nil {
		return fmt.Errorf("sign notice: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.address, bytes.NewReader(body))
	if err != nil {
		return errors.New("make notice's request") // the error itself would quote the address
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "addtomojo")
	r.Header.Set(standardwebhooks.HeaderWebhookID, id)
	r.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	r.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	answer, err := h.client.Do(r)
	if err != nil {
		return &refusal{Cause: "The receiver of the webhook did not answer.", Err: withoutAddress(err)}
	}
	defer answer.Body.Close()
	io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10)) // so that the connection can be used again
	if answer.StatusCode/100 != 2 {
		return &refusal{Cause: fmt.Sprintf("The receiver of the webhook answered %d.", answer.StatusCode), Err: errors.New(answer.Status)}
	}
	return nil
}

// withoutAddress takes off the address that net/http puts before an error: it may hold a secret.
func withoutAddress(err error) error {
	if outer, ok := errors.AsType[*url.Error](err); ok {
		return outer.Err
	}
	return err
}

func onLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}
