// Package views holds the pages that a customer sees in the popup and in the
// tab that a push opens, and those of the support console (staff.templ). It imports nothing of ours: every page is a plain
// struct (its view model) and a templ component over it, so that any page in
// any state can be rendered in a test from a literal.
//
//   - XPage(X) is a whole document: WelcomePage(Welcome), ChoosePage(Choose),
//     PushPage(Push), PushesPage(Pushes), ResetPage(Reset), ProblemPage(Problem)
//     and so on. Each embeds Page: title, support code, asset addresses.
//   - XPart(X) is the part of a page that is replaced without loading the page
//     again: GroupsPart, PreflightPart, PushPart. The page renders the very same
//     component.
//
// Every page works without JavaScript. Forms post and are answered by a
// redirect or a page; what changes by itself is refreshed by a meta element.
// htmx and static/app.js only make that smoother. There is no inline script,
// style, style attribute or event attribute anywhere; the nonce of the
// Content-Security-Policy comes with templ.WithNonce.
//
// Addresses are given by the caller as paths of the same origin; the fields'
// comments say by which method they are asked. Names of contacts and groups are
// hostile input and need no preparation: templ escapes them.
//
// Regenerate with "go tool templ generate" from the top of the repository.
package views
