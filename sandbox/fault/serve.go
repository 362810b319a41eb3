package fault

import (
	"bytes"
	"context"
	"io"
	"math"
	"net/http"
	"strconv"
	"time"
)

// loginPage is what a partner answers to a browser session that has ended.
const loginPage = `<!DOCTYPE html>
<html lang="en"><head><title>Log in</title></head>
<body><form method="post" action="/login/"><label>Login <input name="login"></label>
<label>Password <input name="password" type="password"></label><button>Log in</button></form></body></html>
`

// errorBody refuses in the words of Mojo's API, part A2, and of Wise Agent's, section 2.1, at once.
const errorBody = `{"errors": ["The request could not be processed."], "result": null, "error": "The request could not be processed."}`

// serve answers one request that the rule struck.
func (r Rule) serve(w http.ResponseWriter, req *http.Request, refuse func(http.ResponseWriter, *http.Request, Kind), next http.Handler) {
	switch r.Kind {
	case TooMany:
		r.refuseFor(w, http.StatusTooManyRequests, "Request was throttled.")
	case ServerError:
		status := r.Status
		if status == 0 {
			status = http.StatusInternalServerError
		}
		r.refuseFor(w, status, http.StatusText(status))
	case Timeout:
		delay := r.Delay
		if delay == 0 {
			delay = DefaultTimeout
		}
		wait(req, delay)
		cut(w)
	case CutBefore:
		cut(w)
	case Late:
		rec := record(req, next)
		wait(req, r.Delay)
		rec.sendAll(w)
	case CutAfter:
		record(req.WithContext(context.WithValue(req.Context(), cutKey{}, true)), next)
		cut(w)
	case HTML:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, loginPage)
	case Truncated:
		rec := record(req, next)
		rec.send(w, rec.body.Len())
	case HalfJSON:
		rec := record(req, next)
		rec.send(w, rec.body.Len()/2)
	case ErrorIn200:
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, errorBody)
	case ExpiredToken, RevokedToken:
		refuse(w, req, r.Kind)
	default:
		next.ServeHTTP(w, req)
	}
}

// cutKey marks the context of a request whose answer is going to be cut.
type cutKey struct{}

// WillCut says that the request meets a [CutAfter]: it takes effect, but its
// answer won't arrive. A stand-in whose partner remembers broken requests, as
// Mojo's lock does, asks this.
func WillCut(ctx context.Context) bool { return ctx.Value(cutKey{}) != nil }

// refuseFor answers with a status and the rule's Retry-After.
func (r Rule) refuseFor(w http.ResponseWriter, status int, text string) {
	if r.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(r.RetryAfter.Seconds()))))
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	io.WriteString(w, `{"detail": `+strconv.Quote(text)+"}")
}

// wait holds a request for the delay or until its client leaves, and returns
// it with its body read and a context that survives the client: a real server
// goes on with a request whose client has hung up.
func wait(r *http.Request, delay time.Duration) *http.Request {
	// The server notices that a client left only once the body is read.
	body, err := io.ReadAll(r.Body)
	timer := time.NewTimer(delay)
	defer timer.Stop()
	if err == nil {
		select {
		case <-timer.C:
		case <-r.Context().Done():
		}
	}
	r = r.WithContext(context.WithoutCancel(r.Context()))
	r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), failing{err}))
	return r
}

// failing is a reader that has only an error to give, io.EOF when it is nil.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err == nil {
		return 0, io.EOF
	}
	return 0, f.err
}

// cut closes the connection without an answer.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // not HTTP/1: net/http resets the stream
	}
	conn.Close()
}

// recorder keeps an answer instead of sending it.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// record lets next serve the request and returns its answer.
func record(r *http.Request, next http.Handler) *recorder {
	rec := &recorder{header: make(http.Header)}
	next.ServeHTTP(rec, r)
	if rec.status == 0 {
		rec.status = http.StatusOK
	}
	return rec
}

func (rec *recorder) Header() http.Header { return rec.header }

func (rec *recorder) WriteHeader(status int) {
	if rec.status == 0 {
		rec.status = status
	}
}

func (rec *recorder) Write(b []byte) (int, error) {
	rec.WriteHeader(http.StatusOK)
	return rec.body.Write(b)
}

// sendAll sends the answer as it was recorded.
func (rec *recorder) sendAll(w http.ResponseWriter) {
	for name, values := range rec.header {
		w.Header()[name] = values
	}
	w.WriteHeader(rec.status)
	w.Write(rec.body.Bytes())
}

// send sends half of the recorded body under a declared length. When the
// length is more than that, net/http ends the connection in the middle.
func (rec *recorder) send(w http.ResponseWriter, length int) {
	for name, values := range rec.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", strconv.Itoa(length))
	w.WriteHeader(rec.status)
	w.Write(rec.body.Bytes()[:rec.body.Len()/2])
}
