package mojo_test

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"testing"
	"time"

	"addtomojo/mojo"
	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
)

// office is one account at a stand-in of Mojo, and a client signed in to it.
type office struct {
	*mojobox.Server
	faults *fault.Set
	client *mojo.Client
	grant  mojo.Grant
	api    *mojo.API
	group  int64
}

const account = "8812"

// ourSecret has what HTTP Basic asks to be written in another way (RFC 6749, section 2.3.1).
const ourSecret = "our secret: 100 %+/="

func newOffice(t *testing.T, cfg mojobox.Config) *office {
	t.Helper()
	o := &office{faults: &fault.Set{Seed: 1}}
	cfg.ClientID, cfg.ClientSecret, cfg.Faults = "us", ourSecret, o.faults
	if cfg.InterruptedLock == 0 {
		cfg.InterruptedLock = -1
	}
	o.Server = mojobox.New(cfg)
	o.AddAccount(mojobox.Account{ID: account, Name: "Palm Realty", PIN: "482913", Agents: []mojobox.Agent{
		{ID: 31, Login: "dana", Password: "pass word&", Name: "Dana Ruiz", Email: "dana@example.com", Permission: "owner"},
	}})
	o.AddAccount(mojobox.Account{ID: "9000", Name: "Closed", PIN: "1", Suspended: true, Agents: []mojobox.Agent{
		{ID: 41, Login: "cy", Password: "cy", Permission: "owner"},
	}})
	o.group = o.AddGroup(account, "Hot Lead")
	srv := httptest.NewServer(o)
	t.Cleanup(func() { srv.CloseClientConnections(); srv.Close() })
	o.client = &mojo.Client{AuthURL: srv.URL, ClientID: "us", ClientSecret: ourSecret, HTTP: &http.Client{Timeout: 5 * time.Second}}
	grant, err := o.client.SignIn(t.Context(), "482913", "dana", "pass word&")
	if err != nil {
		t.Fatal(err)
	}
	o.grant, o.api = grant, o.client.At(grant.AccountURL, grant.Token.AccessToken)
	return o
}

// people are Ann and Bob, bound for the office's group.
func (o *office) people() []mojo.Contact {
	people := slices.Clone(annAndBob)
	for i := range people {
		people[i].GroupIDs = []int64{o.group}
	}
	return people
}

// in returns the api_contact_ids in the office's group, sorted.
func (o *office) in() []string {
	ids := []string{}
	for _, c := range o.Contacts(account, o.group) {
		ids = append(ids, c.APIContactID)
	}
	slices.Sort(ids)
	return ids
}

func wantIn(t *testing.T, o *office, want ...string) {
	t.Helper()
	if want == nil {
		want = []string{}
	}
	if got := o.in(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %q in the group, want %q", got, want)
	}
}

func wantKind(t *testing.T, what string, err error, want string) {
	t.Helper()
	if got := kind(err); got != want {
		t.Errorf("%s: got %q (%v), want %q", what, got, err, want)
	}
}

func TestStandInSignIn(t *testing.T) {
	o := newOffice(t, mojobox.Config{})
	if want := (mojo.Account{ID: account, Name: "Palm Realty"}); o.grant.Account != want {
		t.Errorf("got account %+v, want %+v", o.grant.Account, want)
	}
	if want := (mojo.Agent{ID: "31", Name: "Dana Ruiz", Email: "dana@example.com", Permission: "owner"}); o.grant.Agent != want {
		t.Errorf("got agent %+v, want %+v", o.grant.Agent, want)
	}
	for what, try := range map[string][3]string{
		"wrong PIN": {"1", "dana", "pass word&"}, "wrong login": {"482913", "cy", "pass word&"}, "wrong password": {"482913", "dana", "x"},
	} {
		_, err := o.client.SignIn(t.Context(), try[0], try[1], try[2])
		wantKind(t, what, err, "credentials")
	}
	_, err := o.client.SignIn(t.Context(), "1", "cy", "cy")
	wantKind(t, "suspended", err, "suspended")
}

func TestStandInThrottlesWrongTries(t *testing.T) {
	o := newOffice(t, mojobox.Config{WrongTries: 2})
	var err error
	for range 3 {
		_, err = o.client.SignIn(t.Context(), "482913", "dana", "wrong")
	}
	wantKind(t, "third wrong try", err, "back off")
}

func TestStandInTokens(t *testing.T) {
	o := newOffice(t, mojobox.Config{})
	o.ExpireTokens(account)
	_, err := o.api.Groups(t.Context())
	wantKind(t, "expired token", err, "token")

	o.SetPermission(account, o.grant.Agent.ID, "dialing_rep")
	renewed, err := o.client.Refresh(t.Context(), o.grant.Token.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	fresh := renewed.Token
	if renewed.Permission != "dialing_rep" {
		t.Errorf("got permission %q with the renewal, want what it is by now", renewed.Permission)
	}
	if fresh.RefreshToken == o.grant.Token.RefreshToken {
		t.Error("got the old refresh token again, want a new one")
	}
	_, err = o.client.At(o.grant.AccountURL, fresh.AccessToken).Groups(t.Context())
	wantKind(t, "fresh token", err, "success")
	_, err = o.client.Refresh(t.Context(), o.grant.Token.RefreshToken)
	wantKind(t, "used refresh token", err, "grant dead")

	for token, hint := range map[string]string{fresh.AccessToken: "access_token", fresh.RefreshToken: "refresh_token", "never-was": "access_token"} {
		wantKind(t, "revoke "+hint, o.client.Revoke(t.Context(), token, hint), "success")
	}
	if access, refresh := o.LiveTokens(account); access+refresh != 0 {
		t.Errorf("got %d access and %d refresh tokens alive after revoking, want none", access, refresh)
	}
}

func TestStandInBadTokenShapes(t *testing.T) {
	for shape := range mojobox.BadTokenShape(3) {
		o := newOffice(t, mojobox.Config{BadToken: shape})
		for name, call := range calls(t, o.client.At(o.grant.AccountURL, "bad")) {
			if err := call(); kind(err) != "token" {
				t.Errorf("shape %d, %s: got %v, want token", shape, name, err)
			}
		}
	}
}

func TestStandInGroups(t *testing.T) {
	for _, page := range []int{0, 2} {
		o := newOffice(t, mojobox.Config{GroupPage: page})
		o.MarkLead(account, o.group)
		want := []mojo.Group{{ID: o.group, Name: "Hot Lead", IsLead: true}}
		for _, name := range []string{"Expired", "FSBO", "Spring"} {
			g, err := o.api.CreateGroup(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, g)
		}
		if _, err := o.api.BulkCreate(t.Context(), o.people()); err != nil {
			t.Fatal(err)
		}
		want[0].Contacts = 2
		got, err := o.api.Groups(t.Context())
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("pages of %d: got %+v, %v, want %+v", page, got, err, want)
		}
		_, err = o.api.CreateGroup(t.Context(), "FSBO")
		wantKind(t, "the same name again", err, "group taken")
		_, err = o.api.CreateGroup(t.Context(), "")
		wantKind(t, "no name", err, "refused")
	}
}

func TestStandInContacts(t *testing.T) {
	o := newOffice(t, mojobox.Config{TellsAlreadyInGroup: true})
	first, err := o.api.BulkCreate(t.Context(), o.people()[:1])
	if err != nil || len(first.Created) != 1 || first.Created[0].ContactID == 0 {
		t.Fatalf("first: got %+v, %v, want one created with its id", first, err)
	}
	second, err := o.api.BulkCreate(t.Context(), o.people())
	if err != nil || len(second.Created) != 1 || !reflect.DeepEqual(second.Duplicated, []string{"wa-26855"}) {
		t.Errorf("second: got %+v, %v, want Bob created and Ann a duplicate", second, err)
	}
	wantIn(t, o, "wa-26855", "wa-26856")

	got, err := o.api.Contact(t.Context(), "wa-26855")
	want := o.people()[0]
	want.ContactID = first.Created[0].ContactID
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("read back: got %+v, %v, want %+v", got, err, want)
	}
	_, err = o.api.Contact(t.Context(), "wa-1")
	wantKind(t, "a stranger", err, "unknown contact")

	wantKind(t, "note", o.api.AddNote(t.Context(), "wa-26855", "Called back"), "success")
	wantKind(t, "note on a stranger", o.api.AddNote(t.Context(), "wa-1", "Called back"), "unknown contact")
	if got, _ := o.api.Contact(t.Context(), "wa-26855"); !slices.Contains(got.Notes, "Called back") {
		t.Errorf("got notes %q, want the new one among them", got.Notes)
	}

	for range 2 {
		wantKind(t, "remove", o.api.RemoveFromGroup(t.Context(), o.group, []string{"wa-26855"}), "success")
		wantIn(t, o, "wa-26856")
	}
	wantKind(t, "remove from nowhere", o.api.RemoveFromGroup(t.Context(), 999, []string{"wa-26855"}), "refused")
}

func TestStandInBulkUpdate(t *testing.T) {
	o := newOffice(t, mojobox.Config{TellsAlreadyInGroup: true})
	other := o.AddGroup(account, "Expired")
	o.AddContact(account, mojobox.Contact{APIContactID: "wa-26855", FullName: "Ann Old"}, other)
	res, err := o.api.BulkUpdate(t.Context(), o.people())
	if err != nil || len(res.Created) != 1 || !reflect.DeepEqual(res.NotFound, []string{"wa-26856"}) || res.AlreadyInGroup == nil || len(res.AlreadyInGroup) != 0 {
		t.Errorf("got %+v, %v, want Ann updated and Bob not found", res, err)
	}
	wantIn(t, o, "wa-26855")
	res, err = o.api.BulkUpdate(t.Context(), o.people()[:1])
	if err != nil || !reflect.DeepEqual(res.AlreadyInGroup, []string{"wa-26855"}) {
		t.Errorf("again: got %+v, %v, want Ann in the group already", res, err)
	}

	without := newOffice(t, mojobox.Config{NoBulkUpdate: true})
	_, err = without.api.BulkUpdate(t.Context(), without.people())
	wantKind(t, "host without it", err, "not available")
}

func TestStandInRefusesBatches(t *testing.T) {
	o := newOffice(t, mojobox.Config{BatchLimit: 1})
	_, err := o.api.BulkCreate(t.Context(), o.people())
	wantKind(t, "two where one is the limit", err, "too large")

	o = newOffice(t, mojobox.Config{})
	mixed := o.people()
	mixed[1].GroupIDs = []int64{o.AddGroup(account, "Expired")}
	_, err = o.api.BulkCreate(t.Context(), mixed)
	wantKind(t, "two groups", err, "mixed groups")

	odd := o.people()
	odd[1].Media = []mojo.Media{{Type: mojo.MediaHome, Value: "(520) 555-0143"}}
	_, err = o.api.BulkCreate(t.Context(), odd)
	wantKind(t, "a phone with punctuation", err, "refused")
	wantIn(t, o)
}

func TestStandInLock(t *testing.T) {
	o := newOffice(t, mojobox.Config{InterruptedLock: time.Hour})
	o.faults.Add(fault.Rule{Endpoint: mojobox.EndpointBulkCreate, Kind: fault.CutAfter, Times: 1})
	_, err := o.api.BulkCreate(t.Context(), o.people()[:1])
	wantKind(t, "cut", err, "doubt")
	wantIn(t, o, "wa-26855")
	_, err = o.api.BulkCreate(t.Context(), o.people()[1:])
	wantKind(t, "after the cut", err, "busy")
}

// What each fault is called on every endpoint, and that none of them passes for success.
func TestStandInFaults(t *testing.T) {
	tests := []struct {
		rule fault.Rule
		want string
	}{
		{fault.Rule{Kind: fault.TooMany, RetryAfter: 3 * time.Second}, "back off"},
		{fault.Rule{Kind: fault.TooMany}, "back off"},
		{fault.Rule{Kind: fault.ServerError}, "doubt"},
		{fault.Rule{Kind: fault.ServerError, Status: 503, RetryAfter: time.Second}, "back off"},
		{fault.Rule{Kind: fault.ServerError, Status: 503}, "doubt"},
		{fault.Rule{Kind: fault.CutBefore}, "doubt"},
		{fault.Rule{Kind: fault.CutAfter}, "doubt"},
		{fault.Rule{Kind: fault.HTML}, "doubt"},
		{fault.Rule{Kind: fault.Truncated}, "doubt"},
		{fault.Rule{Kind: fault.HalfJSON}, "doubt"},
		{fault.Rule{Kind: fault.ErrorIn200}, "refused"},
		{fault.Rule{Kind: fault.ExpiredToken}, "token"},
		{fault.Rule{Kind: fault.RevokedToken}, "token"},
	}
	for _, tt := range tests {
		o := newOffice(t, mojobox.Config{})
		people := o.people()
		o.AddContact(account, mojobox.Contact{APIContactID: "wa-26855", FullName: "Ann"}, o.group)
		tt.rule.Endpoint = fault.Any
		o.faults.Add(tt.rule)
		ctx := t.Context()
		for name, call := range map[string]func() error{
			"groups": func() error { _, err := o.api.Groups(ctx); return err },
			"group":  func() error { _, err := o.api.CreateGroup(ctx, "New"); return err },
			"create": func() error { _, err := o.api.BulkCreate(ctx, people); return err },
			"update": func() error { _, err := o.api.BulkUpdate(ctx, people); return err },
			"note":   func() error { return o.api.AddNote(ctx, "wa-26855", "Hello") },
			"get":    func() error { _, err := o.api.Contact(ctx, "wa-26855"); return err },
			"remove": func() error { return o.api.RemoveFromGroup(ctx, o.group, []string{"wa-26855"}) },
		} {
			wantKind(t, string(tt.rule.Kind)+" on "+name, call(), tt.want)
		}
	}
}

// Trouble at the token endpoint must never look like a dead sign-in.
func TestStandInFaultsAtTheTokenEndpoint(t *testing.T) {
	o := newOffice(t, mojobox.Config{})
	for k, want := range map[fault.Kind]string{
		fault.ServerError: "doubt", fault.CutBefore: "doubt", fault.HTML: "doubt", fault.TooMany: "back off", fault.ErrorIn200: "refused",
	} {
		o.faults.Add(fault.Rule{Endpoint: mojobox.EndpointToken, Kind: k, Times: 2})
		_, err := o.client.Refresh(t.Context(), o.grant.Token.RefreshToken)
		wantKind(t, string(k)+" on refresh", err, want)
		_, err = o.client.SignIn(t.Context(), "482913", "dana", "wrong")
		wantKind(t, string(k)+" on sign-in", err, want)
	}
	_, err := o.client.Refresh(t.Context(), o.grant.Token.RefreshToken)
	wantKind(t, "refresh after all that", err, "success")
}
