package web

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// zipFrom is the size in bytes from which a page is compressed. A group page with 300 groups has 78 kB, of which 6 kB
// go over the wire.
//
// Compressing tells somebody who sees the sizes of many answers what an answer holds beside what they made the browser
// send (BREACH). Nothing of an address is in a page of this size: what a launch got wrong is said on a page that stays
// below, and what is typed comes back only to a form of our own. Other sites can't ask for these pages in the
// background either: the session's cookie is SameSite=Lax. Event streams are written without passing here.
const zipFrom = 8 << 10

// zipped compresses a page where that is worth it and the browser takes it; nil says to send it as it is.
func (a *app) zipped(h http.Header, r *http.Request, page []byte) ([]byte, error) {
	h.Set("Vary", "Accept-Encoding")
	if len(page) < zipFrom || !takesGzip(r.Header.Values("Accept-Encoding")) {
		return nil, nil
	}
	small, err := a.zip(page)
	if err == nil {
		h.Set("Content-Encoding", "gzip")
	}
	return small, err
}

// zip compresses quickly: more effort saves little of a page and costs several times as much.
func (a *app) zip(page []byte) ([]byte, error) {
	var b bytes.Buffer
	z, ok := a.zippers.Get().(*gzip.Writer)
	if !ok {
		var err error
		if z, err = gzip.NewWriterLevel(nil, gzip.BestSpeed); err != nil {
			return nil, fmt.Errorf("compress: %w", err)
		}
	}
	defer a.zippers.Put(z)
	z.Reset(&b)
	if _, err := z.Write(page); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	return b.Bytes(), nil
}

// takesGzip reads Accept-Encoding: gzip is named there, and not with the weight 0.
func takesGzip(accepted []string) bool {
	for coding := range strings.SplitSeq(strings.Join(accepted, ","), ",") {
		name, parameters, _ := strings.Cut(coding, ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
			continue
		}
		weight, weighed := strings.CutPrefix(strings.TrimSpace(parameters), "q=")
		q, err := strconv.ParseFloat(weight, 64)
		return !weighed || err == nil && q > 0
	}
	return false
}
