package web

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"addtomojo/views"
)

// staffProblems is the table of problems for who looks at /support: what only they meet, and what reads otherwise for them.
var staffProblems = []struct {
	err error
	problem
}{
	{errStaffSignedOut, problem{Status: http.StatusUnauthorized, Title: "You are signed out", Calm: true,
		What: "After half an hour without use, or twelve hours in all, we sign you out. What you just asked for was not done.",
		Next: "Sign in, then do it again."}},
	{errStaffRole, problem{Status: http.StatusForbidden, Title: "Your role doesn't allow this",
		What: "You may look at everything here, but not change anything, so nothing was done.",
		Next: "Ask an operator to do it, or to make you one."}},
	{errUnwritten, problem{Status: http.StatusServiceUnavailable, Title: "This was not done", Wait: time.Minute,
		What: "What you do here is written into the audit log first, and that can't be written just now. So nothing was done.",
		Next: "Try again in a minute. If it lasts, tell whoever runs the service."}},
	{errStaffLink, problem{Status: http.StatusGone, Title: "This link doesn't work any more",
		What: "A sign-in link works once, and for 10 minutes.",
		Next: "Ask whoever runs the service for a new one."}},
	{errNotFound, problem{Status: http.StatusNotFound, Title: "We can't find this page",
		What: "It doesn't exist, or what it showed is gone.", Next: "Go back and search once more."}},
	{errForm, problem{Status: http.StatusBadRequest, Title: "That didn't arrive whole",
		What: "What your browser sent couldn't be read, so nothing was done.", Next: "Go back, reload the page and try again."}},
}

// forStaff says whether the answer is for who looks at /support.
func forStaff(c echo.Context) bool {
	path := c.Request().URL.Path
	return path == supportPath || strings.HasPrefix(path, supportPath+"/")
}

// showStaffProblem shows err in the support console's own layout.
func (a *app) showStaffProblem(c echo.Context, err error) error {
	p := a.staffProblem(c, err)
	retryAfter(c, p.Wait)
	s := views.StaffProblem{
		Page: views.Page{Title: p.Title, Code: p.Code, Assets: a.assets()}, Staff: a.staffView(c),
		What: p.What, Next: p.Next, Calm: p.Calm,
	}
	if staffOf(c) == nil {
		s.Actions = []views.Action{{Label: "Sign in", URL: supportSignInPath}}
	}
	return a.render(c, p.Status, views.StaffProblemPage(s))
}

// staffProblem is the page of err, and logs what needs somebody to look. Its code is of this request alone: the launches of a
// customer who uses the same browser are none of support's.
func (a *app) staffProblem(c echo.Context, err error) problem {
	visitOf(c).code = newCode()
	var he *echo.HTTPError
	if errors.As(err, &he) && (he.Code == http.StatusNotFound || he.Code == http.StatusMethodNotAllowed) {
		err = errNotFound
	}
	for _, p := range staffProblems {
		if errors.Is(err, p.err) {
			p.Code = a.code(c)
			return p.problem
		}
	}
	var often *paceError
	if errors.As(err, &often) {
		return problem{Status: http.StatusTooManyRequests, Title: "That was a lot at once", Calm: true, Wait: often.Wait, Code: a.code(c),
			What: "There were many tries to sign in from your network just now.", Next: "Wait a minute, then try again."}
	}
	p := a.noted(c, err)
	if p.Next == startAgain {
		p.Next = "Go back and try again."
	}
	return p
}
