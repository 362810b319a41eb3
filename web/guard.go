package web

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"addtomojo/static"
)

// formLimit is the largest body in bytes of any form but the launch's.
const formLimit = 16 << 10

// contentPolicy is the Content-Security-Policy with a %s for the answer's nonce. formTarget is the origin of Wise
// Agent's consent page: form-action also governs where a form's answer redirects to.
func contentPolicy(formTarget string) string {
	return strings.Join([]string{
		"default-src 'none'",
		"script-src 'nonce-%s' 'strict-dynamic'",
		"style-src 'self'",
		"img-src 'self' data:",
		"connect-src 'self'",
		strings.TrimSpace("form-action 'self' " + formTarget),
		"base-uri 'none'",
		"object-src 'none'",
		"frame-ancestors 'none'",
	}, "; ")
}

// headers sets what every answer carries, errors and static files included, and puts the nonce where templ finds it. But that a
// hook was taken is told without a page, by no more than machines read: it is asked for more often than all else.
func (a *app) headers(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if c.Request().Method == http.MethodPost && c.Path() == hookPath {
			c.Response().Header().Set("Cache-Control", "no-store")
			taken := false
			defer func() {
				if !taken { // the problem is told on a page, a panic's too
					a.pageHeaders(c)
				}
			}()
			err := next(c)
			taken = err == nil
			return err
		}
		a.pageHeaders(c)
		return next(c)
	}
}

func (a *app) pageHeaders(c echo.Context) {
	nonce := newNonce()
	h := c.Response().Header()
	h.Set("Content-Security-Policy", fmt.Sprintf(a.csp, nonce))
	// The popup's opener is another site: this cuts it off from us in both directions, and still lets the page
	// open Mojo's tab. Nothing here relies on an opener.
	h.Set("Cross-Origin-Opener-Policy", "same-origin-allow-popups")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Embedder-Policy", "require-corp")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()")
	if a.secure {
		h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	}
	if !strings.HasPrefix(c.Path(), static.Prefix) {
		h.Set("Cache-Control", "no-store")
	}
	c.SetRequest(c.Request().WithContext(templ.WithNonce(c.Request().Context(), nonce)))
}

func newNonce() string {
	b := make([]byte, 16)
	rand.Read(b) // never fails, see crypto/rand
	return base64.RawStdEncoding.EncodeToString(b)
}

// sameOrigin refuses every request that changes something and comes from another site. Only a launch may: it carries
// its own signature, and without one it is no more than a wish. What programs call is proven by a signature or a token, and
// no cookie counts there.
func (a *app) sameOrigin() echo.MiddlewareFunc {
	cop := http.NewCrossOriginProtection()
	for _, own := range []string{"POST /launch", "POST " + hookPath, "POST " + apiPath} {
		cop.AddInsecureBypassPattern(own)
	}
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if cop.Check(c.Request()) != nil {
				return errCrossOrigin
			}
			return next(c)
		}
	}
}

// limitBody cuts a request's body off behind limit bytes; reading on gives a *http.MaxBytesError.
func limitBody(limit int64) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			r.Body = http.MaxBytesReader(c.Response(), r.Body, limit)
			return next(c)
		}
	}
}

// recovered turns a panic into an error with its stack.
func recovered(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler {
				panic(p)
			}
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}()
		return next(c)
	}
}

// logged writes a line for each request and has it measured: method, route pattern, status, duration. Never the path, the query or
// an address: they name launches and people.
func (a *app) logged(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		begin := time.Now()
		if err := next(c); err != nil {
			c.Error(err)
		}
		took := time.Since(begin)
		if a.Measure != nil {
			a.Measure(a.measuredAs(c), c.Response().Status, took)
		}
		if c.Path() != healthPath {
			a.log().Info("request", "method", method(c), "route", route(c), "status", c.Response().Status, "ms", took.Milliseconds())
		}
		return nil
	}
}

// measuredAs is the route of a request. A path with a method that it doesn't take has none: whoever tries them all out must not
// multiply what is counted.
func (a *app) measuredAs(c echo.Context) Route {
	r := Route{Method: method(c), Pattern: route(c)}
	if !a.known[r] {
		r.Pattern = NoRoute
	}
	return r
}

// route is the pattern of the route that answers, NoRoute when there is none.
func route(c echo.Context) string {
	if c.Path() == "" || c.Path() == "/*" {
		return NoRoute
	}
	return c.Path()
}

// method is the request's method when it is a common one: what a client makes up stays out of the log.
func method(c echo.Context) string {
	switch m := c.Request().Method; m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}
