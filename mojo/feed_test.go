package mojo_test

import (
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"testing"
	"time"

	"addtomojo/mojo"
	mojobox "addtomojo/sandbox/mojo"
)

func TestEvents(t *testing.T) {
	var asked record
	var query url.Values
	answer := records(t, &asked, 200, `[
		{"webhook_id": "msg_1", "type": "call.completed", "timestamp": "2026-11-22T17:03:11Z", "data": {"account_id": "8812"}},
		{"webhook_id": "msg_2", "type": "note.created", "data": [1]}]`)
	_, api := serve(t, func(w http.ResponseWriter, r *http.Request) {
		query = r.URL.Query()
		answer(w, r)
	})
	got, err := api.Events(t.Context(), "msg/0 &")
	if err != nil {
		t.Fatal(err)
	}
	want := []mojo.Event{
		{WebhookID: "msg_1", Type: "call.completed", At: time.Date(2026, 11, 22, 17, 3, 11, 0, time.UTC),
			Data: []byte(`{"account_id": "8812"}`)},
		{WebhookID: "msg_2", Type: "note.created", Data: []byte("[1]")},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if asked.method != "GET" || asked.path != "/api/integration-events/" || asked.auth != "Bearer live-token" {
		t.Errorf("asked %+v, want a GET of the feed", asked)
	}
	if want := (url.Values{"after": {"msg/0 &"}, "limit": {fmt.Sprint(mojo.FeedLimit)}}); !reflect.DeepEqual(query, want) {
		t.Errorf("asked with %v, want %v", query, want)
	}
}

func TestEventsOfAnOddFeed(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		want   string
	}{
		{"none", 200, "[]", "success"},
		{"null", 200, "null", "doubt"},
		{"no id", 200, `[{"type": "call.completed", "data": {}}]`, "doubt"},
		{"no time", 200, `[{"webhook_id": "msg_1", "timestamp": "yesterday"}]`, "success"},
		{"half", 200, `[{"webhook_id": "msg_1"}`, "doubt"},
		{"an object", 200, `{"results": []}`, "doubt"},
		{"a page", 404, "<h1>Not Found</h1>", "not available"},
		{"forgotten", 400, `{"after": ["There is no event with this webhook-id."]}`, "refused"},
		{"bad token", 403, `{"detail": "Invalid access_token"}`, "token"},
		{"trouble", 502, "<h1>Bad gateway</h1>", "doubt"},
		{"throttled", 429, "", "back off"},
	}
	for _, tt := range tests {
		_, api := serve(t, says(tt.status, asJSON, tt.body))
		if _, err := api.Events(t.Context(), "msg_0"); kind(err) != tt.want {
			t.Errorf("%s: got %q (%v), want %q", tt.name, kind(err), err, tt.want)
		}
	}
}

func TestStandInFeed(t *testing.T) {
	o := newOffice(t, mojobox.Config{})
	var told []string
	for i := range mojo.FeedLimit + 2 {
		told = append(told, o.Tell(account, "call.completed", map[string]any{"account_id": account, "call": map[string]int{"id": i}}))
	}
	var read []string
	for after := ""; ; after = read[len(read)-1] {
		events, err := o.api.Events(t.Context(), after)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			read = append(read, e.WebhookID)
		}
		if len(events) < mojo.FeedLimit {
			break
		}
	}
	if !slices.Equal(read, told) {
		t.Errorf("read %d events, want the %d that happened, in order", len(read), len(told))
	}
	_, err := o.api.Events(t.Context(), "msg_of_another")
	wantKind(t, "after an unknown event", err, "refused")
	o.SetHookOptions(mojobox.HookOptions{NoFeed: true})
	_, err = o.api.Events(t.Context(), "")
	wantKind(t, "host without it", err, "not available")
}
