// Package wiseagent is a stand-in for Wise Agent: its OAuth server, its data API and the pages a customer clicks through,
// with everything in memory. Tests use it with the real client over HTTP; `addtomojo sandbox` shows it to people.
//
//	box := wiseagent.New(wiseagent.Config{
//		ClientID: "mojo", ClientSecret: "secret",
//		LaunchURL: "http://127.0.0.1:8080/launch", RedirectHosts: []string{"127.0.0.1"},
//	})
//	box.AddUser(wiseagent.User{Email: "dana@example.com", Password: "pw", First: "Dana", Last: "Ruiz"})
//	ids := box.AddContacts("dana@example.com", people.Make(500, 1))
//	server := httptest.NewServer(box)
//
// # What it answers
//
//	GET  /WiseAuth/auth         sign-in and consent; single scopes can be denied
//	POST /WiseAuth/token        code and refresh, JSON or form, credentials in the body or by HTTP Basic
//	POST /WiseAuth/revoke       either token
//	     /http/webconnect.asp   the requests of sections 3.1 to 3.5 of what is known of Wise Agent's API
//	     /contacts, /contacts/{id}, /add-to-mojo   the pages; /sandbox/... sets faults and habits, and makes load
//
// # By hand
//
// On a contact's page people change and delete the contact, as a customer does between a push and what comes back from Mojo. A form
// writes only the fields that were typed anew in it: what the API wrote since it was opened stays. Vendors stay as they are.
//
// # Load
//
// At /sandbox/load people add thousands of invented contacts to their account, and have contacts edited at a pace, as colleagues do
// while a push or deliveries run. Both are bounded; edits end by themselves, with a button, and with [Server.Close].
//
// # Its manners
//
// Where the real service is documented, this one follows; where it is known to be untidy, this one is untidy too: names are
// taken in any case, from the query or from the form; lists of categories and custom data are strings holding JSON; control
// characters stand raw inside JSON strings; success is "true", true or a sentence. Where nothing is known, it chose:
//
//   - a call without any credential gets the text "permission denied" with status 200;
//   - a missing scope gets 403 with error "insufficient_scope";
//   - a dead refresh token gets 401, a dead code 400, both with error "invalid_grant";
//   - a refresh needs the client's id and secret, unless the code was exchanged without a secret (with PKCE);
//   - refreshing ends the old refresh token at once and leaves the old access token alive; revoking an access token ends
//     all access tokens of the same consent; a code used twice ends what its first use gave;
//   - contacts come in the order of their ids, notes the newest first;
//   - webcontact takes somebody for known by the e-mail, or by the name together with a phone, and puts a new contact on the
//     Call List unless noCallList is 1;
//   - updateContact refuses the fields that only webcontact has, and webcontact passes over those of updateContact;
//   - an empty value of updateContact clears the field; a wrong verb or requestType gets an error with status 200.
//
// Its wire types are its own on purpose: a wrong JSON name cannot be wrong here and in the client alike and pass.
package wiseagent
