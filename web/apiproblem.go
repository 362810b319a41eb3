package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"addtomojo/bridge"
	"addtomojo/store"
)

// apiProblem is an error as a program reads it (RFC 9457), with words for the person behind it.
type apiProblem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	Code   string `json:"code"` // support code

	wait time.Duration // Retry-After
}

// apiProblems is the table from sentinel errors to answers, for the routes that programs call.
var apiProblems = []struct {
	err error
	apiProblem
}{
	{errHooksOff, apiProblem{Status: http.StatusServiceUnavailable, Title: "Hooks are not set up here yet.",
		Detail: "The operator has not set MOJO_WEBHOOK_SECRETS. Keep the event and try again.", wait: 10 * time.Minute}},
	{errHookSignature, apiProblem{Status: http.StatusUnauthorized, Title: "The signature doesn't fit.",
		Detail: "webhook-id, webhook-timestamp and webhook-signature are each needed once, as in the Standard Webhooks specification."}},
	{errHookOld, apiProblem{Status: http.StatusUnauthorized, Title: "The timestamp is too far from our clock.",
		Detail: "At most 5 minutes, before or after. Sign again when you try again."}},
	{bridge.ErrHookUnreadable, apiProblem{Status: http.StatusBadRequest, Title: "The event can't be read.",
		Detail: "It must be a JSON object with type and data, and data must name the account_id. A timestamp, if any, is a time with offset or Z."}},
	{errToken, apiProblem{Status: http.StatusUnauthorized, Title: "A valid token is needed.",
		Detail: "Send Authorization: Bearer and one of the tokens in MOJO_API_TOKENS."}},
	{errJSON, apiProblem{Status: http.StatusBadRequest, Title: "The body is not readable JSON."}},
	{bridge.ErrNotConnected, apiProblem{Status: http.StatusConflict, Title: "This Mojo account is not connected to Wise Agent.",
		Detail: "Select contacts in Wise Agent and choose Add to Mojo to connect."}},
	{store.ErrFull, apiProblem{Status: http.StatusServiceUnavailable, Title: "Nothing can be saved right now.",
		Detail: "Nothing was done. Try again later.", wait: 5 * time.Minute}},
}

// describeForAPI turns an error into an answer; false for one that nobody foresaw.
func describeForAPI(err error) (apiProblem, bool) {
	for _, p := range apiProblems {
		if errors.Is(err, p.err) {
			return p.apiProblem, true
		}
	}
	var (
		lack  lackError
		down  *bridge.DownError
		large *http.MaxBytesError
		he    *echo.HTTPError
	)
	switch {
	case errors.As(err, &lack):
		return apiProblem{Status: http.StatusUnprocessableEntity, Title: string(lack)}, true
	case errors.As(err, &down):
		return apiProblem{Status: http.StatusServiceUnavailable, Title: string(down.Partner) + " isn't answering.", wait: time.Minute}, true
	case errors.As(err, &large):
		return apiProblem{Status: http.StatusRequestEntityTooLarge, Title: "That is more than fits.",
			Detail: "At most " + kilobytes(large.Limit) + " go at once."}, true
	case errors.As(err, &he) && he.Code == http.StatusNotFound:
		return apiProblem{Status: he.Code, Title: "There is nothing here."}, true
	case errors.As(err, &he) && he.Code == http.StatusMethodNotAllowed:
		return apiProblem{Status: he.Code, Title: "This address doesn't take that method."}, true
	}
	return apiProblem{Status: http.StatusInternalServerError, Title: "Something went wrong on our side.", Detail: "Try again later."}, false
}

func kilobytes(n int64) string { return comma(int(n>>10)) + " KiB" }

// forAPI says whether a program asks and no browser.
func forAPI(c echo.Context) bool {
	path := c.Request().URL.Path
	return strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/hooks/")
}

// answerAPI answers a program with what went wrong.
func (a *app) answerAPI(c echo.Context, err error) error {
	p, known := describeForAPI(err)
	p.Code = a.code(c)
	if !known || p.Status >= 500 {
		a.logFailure(c, p.Code, err, known)
	}
	retryAfter(c, p.wait)
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return c.Blob(p.Status, "application/problem+json", body)
}
