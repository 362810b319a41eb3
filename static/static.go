// Package static holds the style sheet, the scripts and the icon of the popup,
// embedded in the program and served under names that carry a hash of their
// content, so that browsers may keep them for a year.
//
//	files := static.New()
//	mux.Handle("GET /static/", files)
//	files.Path("app.css") // "/static/app-5c1e….css"
//
// vendor holds htmx 2.0.11 and its extension for server-sent events 2.2.4 as
// published on npm, with their licences. app.css and app.js are our own.
package static

import (
	"embed"
	"net/http"

	"github.com/benbjohnson/hashfs"
)

//go:embed app.css app.js icon.svg vendor
var files embed.FS

// Prefix is the path below which Files answers.
const Prefix = "/static/"

// Files serves the embedded files. It is safe for concurrent use.
type Files struct {
	names   *hashfs.FS
	handler http.Handler
}

// New reads nothing yet; hashes are computed when a name is first asked for.
func New() *Files {
	names := hashfs.NewFS(files)
	return &Files{names: names, handler: http.StripPrefix(Prefix, hashfs.FileServer(names))}
}

// Path is the address of a file by its name in this folder, such as
// "vendor/htmx.min.js". A name that does not exist comes back without a hash.
func (f *Files) Path(name string) string { return Prefix + f.names.HashName(name) }

// ServeHTTP answers requests below Prefix. Hashed names may be cached for a
// year; plain names work too and are not cached.
func (f *Files) ServeHTTP(w http.ResponseWriter, r *http.Request) { f.handler.ServeHTTP(w, r) }
