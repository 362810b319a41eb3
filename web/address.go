package web

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
)

// trustedIP finds out which address a request comes from, by which those who ask too often are held back: the connection's own, or,
// when that is a proxy of ours, what the proxy says. Without a header of its own that is X-Forwarded-For, as far as its hops are
// proxies of ours.
func trustedIP(proxies []netip.Prefix, header string) echo.IPExtractor {
	switch {
	case len(proxies) == 0:
		return echo.ExtractIPDirect()
	case header != "":
		return headerIP(proxies, header)
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range proxies {
		bits := p.Addr().BitLen()
		options = append(options, echo.TrustIPRange(&net.IPNet{IP: p.Masked().Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), bits)}))
	}
	return echo.ExtractIPFromXFFHeader(options...)
}

// headerIP reads the address from a header that the proxies set themselves, whatever a customer sent. What is no single address
// is not theirs: then the connection's own counts, which nobody can forge.
func headerIP(proxies []netip.Prefix, header string) echo.IPExtractor {
	direct := echo.ExtractIPDirect()
	return func(r *http.Request) string {
		own := direct(r)
		said := r.Header.Values(header)
		if len(said) != 1 || !within(proxies, own) {
			return own
		}
		ip, err := netip.ParseAddr(strings.TrimSpace(said[0]))
		if err != nil || ip.Zone() != "" {
			return own
		}
		return ip.Unmap().String()
	}
}

func within(networks []netip.Prefix, address string) bool {
	ip, err := netip.ParseAddr(address)
	return err == nil && slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(ip.Unmap().WithZone("")) })
}

// headerName is what the name of a header looks like.
var headerName = regexp.MustCompile(`^[A-Za-z0-9-]+$`)

// CheckClientIPHeader tells what is wrong with the header that the proxies name the customer's address in. "" is fine.
func CheckClientIPHeader(header string, proxies []netip.Prefix) error {
	switch {
	case header == "":
		return nil
	case !headerName.MatchString(header):
		return errors.New("it is not the name of a header, such as Fly-Client-IP")
	case strings.EqualFold(header, echo.HeaderXForwardedFor), strings.EqualFold(header, "Forwarded"):
		return errors.New("it must hold one address, set by the proxy itself; leave it out for X-Forwarded-For")
	case len(proxies) == 0:
		return errors.New("it is believed from TRUSTED_PROXIES alone, and none is set")
	}
	return nil
}
