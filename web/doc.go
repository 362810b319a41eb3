// Package web is what a browser meets: the popup that Wise Agent opens, the tab that a push opens, and the ways back
// from Wise Agent's consent. It is what Mojo calls, too: its hooks and its contact form's button. And it is the console of support
// staff. It knows HTTP and nothing of the partners' APIs or of SQL: the rules are package bridge's, the rows package store's, the
// pages package views'.
//
// A [Server] is filled in by hand; [Server.Handler] checks its settings and gives the handler:
//
//	s := &web.Server{Bridge: b, Store: st, BaseURL: "https://add.example.com", SessionKeys: keys}
//	h, err := s.Handler()
//
// # Where things are
//
//	routes.go    every route, and what stands before it
//	guard.go     headers, limits, cross-origin refusal, recovering, the request log
//	session.go   gorilla's Store on our database
//	visit.go     who asks, and what of it is theirs: launch, connection, push
//	launch.go    the launch's form and signature
//	switch.go    signing in as someone else, which must be confirmed
//	reconnect.go the link that leads to a sign-in that is needed
//	pace.go      how often one address may launch without one
//	gzip.go      what is compressed, and what never
//	hooks.go     what Mojo tells: signatures, 202 after the commit
//	api.go       what Mojo's contact form asks, behind bearer tokens
//	activity.go  what came from Mojo, as its customer sees it
//	staff.go     who is of the support staff, and what their role allows; stafflink.go and oidc.go, how they get in
//	support.go   what they search; supportaccount.go, one account on one screen; supportdo.go, what they do about it;
//	             supportnow.go, what is wrong over all accounts
//	veil.go      customers' e-mails and numbers, masked until "Show"
//	audit.go     what they looked at and did
//	problems.go  one table from errors to pages; apiproblem.go and staffproblems.go, for programs and for
//	             support
//
// # Handlers
//
// A handler parses, asks the bridge, decides and renders. It returns an error and never writes an error page: the table
// in problems.go turns the error into one. What the table doesn't know is a plain 500, logged once with the route and
// the support code.
//
// # Who may see what
//
// A launch belongs to the browser that opened it, a signed one also to the Wise Agent account it was signed for; that of a
// reconnect link shows no more than what is wrong until Wise Agent has said who is there. A push
// belongs to its connection, and so to the Wise Agent account that owns it. To everybody else neither exists: 404. Programs
// prove who they are with a signature or a token at each request: no session and no cookie counts there.
//
// Everything below /support belongs to support staff. They have a session of their own beside any customer's, with another
// cookie and other rows; neither opens anything of the other's. A route asks for a role with staff(least), and its handler
// writes down what is looked at with audited, before it is shown, and what is done with begins, before it is done, and brought.
package web
