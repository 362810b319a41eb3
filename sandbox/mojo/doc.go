// Package mojo is a stand-in for Mojo, the power dialer: its API, as far as it
// is known or assumed, and the pages a customer lands on. Tests run the real
// client against it, and people try the whole product with it.
//
// A server starts empty. Give it accounts, or the samples of "make run":
//
//	box := mojo.New(mojo.Config{ClientID: "addtomojo", ClientSecret: "secret", PublicURL: "http://127.0.0.1:8082"})
//	box.AddAccount(mojo.Account{ID: "8812", PIN: "482913", Agents: []mojo.Agent{{ID: 31, Login: "dana", Password: "pw", Permission: "owner"}}})
//	hot := box.AddGroup("8812", "Hot Lead")
//	http.ListenAndServe("127.0.0.1:8082", box)
//
// All accounts share one origin, which stands for the host that each account
// has at the real Mojo: an API call's account is told by its token, a page's
// account by the browser's session.
//
// # What it is strict about
//
// Where Mojo's API is known (part A of its contract) the answers are those seen
// on the wire, including the awkward ones: 200 with errors, duplicates as a
// partial success, 403 for a bad token. Beyond that it refuses what a careful
// client doesn't send: unknown fields, fields that are empty instead of left
// out, phones that are not ten digits, contents that are not declared as JSON.
//
// # The lock
//
// An account runs one bulk create at a time. A second one meanwhile gets
// "Previous request was not finished or was interrupted.", and so does one
// that comes within [Config.InterruptedLock] of a bulk create whose client left
// or whose answer was cut ([fault.CutAfter]). When the client leaves before
// [Config.BulkTime] is over, the first half of the batch has been created.
//
// # What it tells
//
// Calls, edits, notes and activities, made by people in the pages or by a test
// with [Server.Call], [Server.Edit], [Server.AddNote] and [Server.AddActivity],
// are told to the service as signed hooks:
//
//	box.SetService("http://127.0.0.1:8080")
//	_, webhookID := box.Call("8812", ann, mojo.Call{Result: "contact", Duration: 91 * time.Second})
//	err := box.Flush(ctx) // nil: the service has acknowledged everything
//
// A hook is sent again until it is answered with a 2xx. Hooks of one contact go
// one after the other, those of different contacts side by side. The feed has
// every event, also those whose hook is lost. [HookOptions] make hooks come
// twice, in disorder or not at all; people set them at /sandbox/hooks.
// [Server.Burst] makes up many calls, [Server.Tell] says anything at all.
//
// Every account tells what happens in it, connected or not, until its customer
// ends the integration in Mojo. What the service itself writes through the API
// is not told, unless [HookOptions] have Echo.
//
// The contact form asks the service ([Server.Linked]) whether to show the button
// Send to Wise Agent ([Server.Send]); the list sends several ([Server.SendAll]).
//
// # Going wrong on demand
//
// [Config.Faults] holds the faults; the endpoints are those of [Endpoints].
// People set faults at /sandbox/faults. The fault "expired_token" ends the
// access token it strikes, "revoked_token" the refresh token too.
package mojo
