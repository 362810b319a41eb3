// Package mojo is a client of Mojo, the power dialer: sign in with PIN, login
// and password, then work on one account's groups and contacts.
//
//	c := &mojo.Client{AuthURL: "https://…", ClientID: "…", ClientSecret: "…"}
//	grant, err := c.SignIn(ctx, pin, login, password)
//	api := c.At(grant.AccountURL, grant.Token.AccessToken)
//	group, err := api.CreateGroup(ctx, "Hot Lead")
//	res, err := api.BulkCreate(ctx, []mojo.Contact{{
//		APIContactID: "wa-26855",
//		FullName:     "Ann Lee",
//		GroupIDs:     []int64{group.ID},
//		Media:        []mojo.Media{{Type: mojo.MediaMobile, Value: "5205550143"}},
//	}})
//
// Every Mojo account has a host of its own, told at sign-in and given to At.
// The client stores nothing, repeats nothing and refreshes nothing by itself:
// it makes the one request it was asked for and says what came of it.
//
// # What an error means
//
// An error either is one of the package's sentinels (compare with errors.Is)
// or one of four types (errors.As), and tells what happened at Mojo:
//
//	UnreachableError  nothing: the request never left; repeat later
//	BackOffError      nothing: Mojo asks to wait; repeat after its time
//	RefusedError      nothing, and repeating won't help; a person must look
//	DoubtError        unknown: it was sent and no clear answer came; look, then repeat
//
// An answer counts as success only when it has the shape promised for that
// call. HTTP 200 with an HTML page, with half a JSON text, with none or with an
// error in it never does. Redirects are not followed.
//
// Errors never carry a token, a password or a contact's data in their message;
// the text Mojo gave is kept apart in RefusedError.Text.
package mojo
