// Package wiseagent is a client of Wise Agent, the CRM: consent and tokens, the
// reading of contacts, notes, Call List and team, and the writing of contacts, notes
// and Call List entries.
//
//	c := &wiseagent.Client{AuthURL: "https://…", APIURL: "https://…", ClientID: "…", ClientSecret: "…"}
//	// send the browser to c.ConsentURL(redirectURL, state, verifier); it returns with a code
//	token, err := c.Exchange(ctx, code, verifier, redirectURL)
//	api := c.With(token.AccessToken)
//	user, err := api.User(ctx)
//	contacts, err := api.Contacts(ctx, 1, 100)
//	noteID, err := api.AddNote(ctx, wiseagent.NewNote{ClientID: "26855", Subject: "…", Text: "…"})
//
// The client stores nothing, repeats nothing and refreshes nothing by itself:
// it makes the one request it was asked for and says what came of it.
//
// # What an error means
//
// An error either is one of the package's sentinels (compare with errors.Is)
// or one of four types (errors.As), and tells what happened at Wise Agent:
//
//	UnreachableError  nothing: the request never left; repeat later
//	BackOffError      nothing: Wise Agent asks to wait; repeat after its time
//	RefusedError      nothing, and repeating won't help; a person must look
//	DoubtError        unknown: it was sent and no clear answer came; look, then repeat
//
// # Writing
//
// Wise Agent has no idempotency key. Each writing method says whether doing it twice does
// harm; those that do (AddNote, AddCall) return the new thing's id, and after a DoubtError
// the caller looks (Notes, Calls) before asking again.
//
// # Tolerance
//
// Wise Agent answers in many shapes: numbers and booleans as strings, an object
// where an array is due, JSON inside strings, raw control characters inside
// strings, dates in US style without a zone. All of that is read. But an answer
// counts as success only when it holds what was asked for: an HTML page,
// half a JSON text, none, or HTTP 200 with an error in it never does. Whether
// an answer is HTML is told from its text, since old ASP pages label
// everything as HTML. Redirects are not followed.
//
// Errors never carry a token or a contact's data in their message; the text
// Wise Agent gave is kept apart in RefusedError.Text.
package wiseagent
