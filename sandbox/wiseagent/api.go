package wiseagent

import (
	"net/http"
	"strings"
)

// An operation is one request of the data API.
type operation struct {
	verb  string
	name  string            // the requestType as documented
	scope string            // of several, separated by blanks, one is enough
	run   func(request) any // with the server's lock held; what it returns must not point into the state
}

// A request is one authorized call of an operation.
type request struct {
	*Server
	params
	account *account
}

// operations lists the data API (Wise Agent API, sections 3.1 to 3.5).
func operations() []operation {
	return []operation{
		{"GET", "getUser", "profile", getUser},
		{"GET", "user", "profile", user},
		{"GET", "getTeam", "team", getTeam},
		{"GET", "getOutsideTeam", "team", getOutsideTeam},
		{"GET", "getPipelines", "profile", getPipelines},
		{"GET", "getLoginToken", "profile", getLoginToken},
		{"GET", "captureForms", "marketing", captureForms},
		{"GET", "captureForm", "marketing", captureForms},

		{"GET", "getContacts", "contacts", getContacts},
		{"GET", "getContactsCount", "contacts", getContactsCount},
		{"GET", "getSingleContact", "contacts", getSingleContact},
		{"GET", "getVendors", "contacts", getVendors},
		{"GET", "getClientAddresses", "contacts", getClientAddresses},
		{"GET", "getSources", "contacts", getSources},
		{"GET", "getAllCategoriesWithCount", "contacts", getAllCategoriesWithCount},
		{"GET", "getCategoryClientCount", "contacts", getCategoryClientCount},

		{"POST", "webcontact", "contacts", webcontact},
		{"POST", "updateContact", "contacts", updateContact},
		{"POST", "addClientsToCategory", "contacts", addClientsToCategory},
		{"POST", "removeClientsFromCategory", "contacts", removeClientsFromCategory},
		{"POST", "addCategories", "contacts", addCategories},
		{"POST", "addClientAddress", "contacts", addClientAddress},
		{"POST", "addClientCustom", "contacts", addClientCustom},
		{"PUT", "editClientCustomData", "contacts", editClientCustomData},
		{"DELETE", "editClientCustomData", "contacts", editClientCustomData}, // the verb in the documentation, surely a slip
		{"POST", "attachFile", "contacts marketing", attachFile},
		{"POST", "addClientsToMarketingProgram", "marketing", addClientsToMarketingProgram},

		{"POST", "addContactNote", "contacts", addContactNote},
		{"GET", "getContactNotes", "contacts", getContactNotes},
		{"PUT", "updateContactNote", "contacts", updateContactNote},
		{"PUT", "updateContactNoteCategories", "contacts", updateContactNoteCategories},
		{"DELETE", "removeContactNote", "contacts", removeContactNote},

		{"GET", "calls", "contacts", getCalls},
		{"POST", "calls", "contacts", addCall},
		{"PUT", "calls", "contacts", changeCall},
		{"DELETE", "calls", "contacts", removeCall},
		{"DELETE", "webhooks", "contacts", removeCall}, // so the documentation prints it
	}
}

// endpoint is the name under which faults and counts know the operation: the requestType, and for calls the verb before it.
func (op operation) endpoint() string {
	if op.name == "calls" || op.name == "webhooks" {
		return op.verb + " calls"
	}
	return op.name
}

// lookup makes the table by which requests find their operation. Reads may come by POST too.
func lookup(all []operation) map[string]operation {
	table := map[string]operation{}
	for _, op := range all {
		table[op.verb+" "+strings.ToLower(op.name)] = op
	}
	for _, op := range all {
		key := "POST " + strings.ToLower(op.name)
		if _, taken := table[key]; op.verb == "GET" && !taken {
			table[key] = op
		}
	}
	return table
}

// Endpoints lists the names that faults and [Server.Requests] use: "auth", "token", "revoke", the requestType of the data API
// ("getSingleContact"), with the verb for the Call List ("POST calls"), and "unknown".
func Endpoints() []string {
	names := []string{"auth", "token", "revoke"}
	seen := map[string]bool{}
	for _, op := range operations() {
		if name := op.endpoint(); !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return append(names, "unknown")
}

// operation finds the operation of a verb and a requestType.
func (s *Server) operation(verb, requestType string) (operation, bool) {
	op, ok := s.operations[verb+" "+strings.ToLower(requestType)]
	return op, ok
}

// webconnect serves the data API.
func (s *Server) webconnect(w http.ResponseWriter, r *http.Request) {
	status, answer, strict := s.serveData(r.Method, arrivalOf(r), r)
	send(w, status, answer, strict)
}

// serveData finds the token and the operation of a request, and runs it.
func (s *Server) serveData(verb string, c arrival, r *http.Request) (status int, answer any, strict bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	strict = s.cfg.Options.StrictJSON
	token, refused := s.bearer(r)
	if refused != nil && refused.code == "" {
		return refused.status, plain("permission denied"), strict
	}
	if refused != nil {
		return refused.status, oauthRefusal(refused.code, refused.text), strict
	}
	if c.broken != nil {
		return http.StatusOK, jsonError{"The request could not be read"}, strict
	}
	op, ok := s.operation(verb, c.params.get("requestType"))
	if !ok {
		return http.StatusOK, jsonError{"Invalid requestType"}, strict
	}
	if !token.allows(op.scope) {
		return http.StatusForbidden, oauthRefusal("insufficient_scope", "The token does not have the scope "+op.scope), strict
	}
	return http.StatusOK, op.run(request{s, c.params, token.grant.account}), strict
}

// oauthRefusal is the body of a refused token.
func oauthRefusal(code, text string) any {
	return struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}{code, text}
}
