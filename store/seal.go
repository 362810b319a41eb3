package store

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
	"golang.org/x/oauth2"
)

// ErrWrongKey says that the keyset is not the one that the database was sealed with.
var ErrWrongKey = errors.New("ENCRYPTION_KEYSET does not open this database")

// Vault seals what must not be read from a stolen database: AES-256-GCM by Tink. Each ciphertext names its key, so that old rows
// open after a key was added, and is bound to its table, row and column, so that it opens nowhere else.
type Vault struct {
	aead   tink.AEAD
	newest tink.AEAD // the key that seals, without the old ones
}

// NewVault reads a keyset as [GenerateKeyset] makes it, base64 of a clear-text Tink JSON keyset, and tries it. Its errors never
// quote the value.
func NewVault(keysetBase64 string) (*Vault, error) {
	handle, err := readKeyset(keysetBase64)
	if err != nil {
		return nil, err
	}
	alone, _, err := withoutOldKeys(handle)
	if err != nil {
		return nil, err
	}
	var v Vault
	for _, use := range []struct {
		keys *keyset.Handle
		as   *tink.AEAD
	}{{handle, &v.aead}, {alone, &v.newest}} {
		if *use.as, err = aead.New(use.keys); err != nil {
			return nil, errors.New("read keyset: it has no usable AEAD key")
		}
	}
	return &v, v.try()
}

// GenerateKeyset makes a keyset with one fresh AES-256-GCM key.
func GenerateKeyset() (string, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return "", fmt.Errorf("generate keyset: %w", err)
	}
	return writeKeyset(handle)
}

// AddKey gives the keyset with one more key, fresh, which seals from then on. The others still open what they sealed.
func AddKey(keysetBase64 string) (string, error) {
	if _, err := NewVault(keysetBase64); err != nil {
		return "", err
	}
	handle, err := readKeyset(keysetBase64)
	if err != nil {
		return "", err
	}
	manager := keyset.NewManagerFromHandle(handle)
	id, err := manager.Add(aead.AES256GCMKeyTemplate())
	if err != nil {
		return "", fmt.Errorf("add key: %w", err)
	}
	if err := manager.SetPrimary(id); err != nil {
		return "", fmt.Errorf("add key: %w", err)
	}
	if handle, err = manager.Handle(); err != nil {
		return "", fmt.Errorf("add key: %w", err)
	}
	return writeKeyset(handle)
}

// ErrOneKey says that a keyset has no old key.
var ErrOneKey = errors.New("the keyset has one key alone: there is no old one in it")

// RemoveOldKeys gives the keyset with the key alone that seals. See [OldSeals] for whether the others are needed. It returns
// [ErrOneKey] when there are none.
func RemoveOldKeys(keysetBase64 string) (string, error) {
	if _, err := NewVault(keysetBase64); err != nil {
		return "", err
	}
	handle, err := readKeyset(keysetBase64)
	if err != nil {
		return "", err
	}
	alone, removed, err := withoutOldKeys(handle)
	if err != nil {
		return "", err
	}
	if removed == 0 {
		return "", ErrOneKey
	}
	return writeKeyset(alone)
}

// withoutOldKeys gives the key that seals alone, and counts the others.
func withoutOldKeys(handle *keyset.Handle) (alone *keyset.Handle, removed int, err error) {
	manager := keyset.NewManagerFromHandle(handle)
	for _, key := range handle.KeysetInfo().GetKeyInfo() {
		if key.GetKeyId() == handle.KeysetInfo().GetPrimaryKeyId() {
			continue
		}
		if err := manager.Delete(key.GetKeyId()); err != nil {
			return nil, 0, fmt.Errorf("remove old keys: %w", err)
		}
		removed++
	}
	if alone, err = manager.Handle(); err != nil {
		return nil, 0, fmt.Errorf("remove old keys: %w", err)
	}
	return alone, removed, nil
}

// readKeyset never quotes the value.
func readKeyset(keysetBase64 string) (*keyset.Handle, error) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(keysetBase64))
	if err != nil {
		return nil, errors.New("read keyset: it is not base64")
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(raw)))
	if err != nil {
		return nil, errors.New("read keyset: it is not a Tink JSON keyset")
	}
	return handle, nil
}

func writeKeyset(handle *keyset.Handle) (string, error) {
	var b bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&b)); err != nil {
		return "", fmt.Errorf("write keyset: %w", err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

const canary = "Add to Mojo"

// canaryPlace is where a new database gets a sealed text, by which the keyset is known again.
var canaryPlace = place{"vault", "canary"}

// A place is the row that a sealed value belongs to.
type place struct{ table, row string }

func (p place) column(name string) []byte {
	return fmt.Appendf(nil, "v1\x00%s\x00%s\x00%s", p.table, p.row, name)
}

func (v *Vault) try() error {
	sealed, err := v.seal(place{"trial", ""}, "", canary)
	if err != nil {
		return err
	}
	_, err = v.open(place{"trial", ""}, "", sealed)
	return err
}

func (v *Vault) seal(p place, column, plain string) ([]byte, error) {
	sealed, err := v.aead.Encrypt([]byte(plain), p.column(column))
	if err != nil {
		return nil, fmt.Errorf("seal %s of %s: %w", column, p.table, err)
	}
	return sealed, nil
}

func (v *Vault) open(p place, column string, sealed []byte) (string, error) {
	plain, err := v.aead.Decrypt(sealed, p.column(column))
	if err != nil {
		return "", fmt.Errorf("open %s of %s: %w", column, p.table, err)
	}
	return string(plain), nil
}

// A sealedToken is what the columns access, refresh, token_type and expires_at hold.
type sealedToken struct {
	access, refresh []byte
	kind            string
	expiresAt       int64
}

func (v *Vault) sealToken(p place, t *oauth2.Token) (sealedToken, error) {
	access, err := v.seal(p, "access", t.AccessToken)
	if err != nil {
		return sealedToken{}, err
	}
	refresh, err := v.seal(p, "refresh", t.RefreshToken)
	return sealedToken{access, refresh, t.TokenType, millis(t.Expiry)}, err
}

func (v *Vault) openToken(p place, t sealedToken) (*oauth2.Token, error) {
	access, err := v.open(p, "access", t.access)
	if err != nil {
		return nil, err
	}
	refresh, err := v.open(p, "refresh", t.refresh)
	if err != nil {
		return nil, err
	}
	return &oauth2.Token{AccessToken: access, RefreshToken: refresh, TokenType: t.kind, Expiry: moment(t.expiresAt)}, nil
}

// checkVault leaves a sealed text in a new database, and opens the one that is there.
func (s *Store) checkVault(ctx context.Context) error {
	sealed, err := s.vault.seal(canaryPlace, "sealed", canary)
	if err != nil {
		return err
	}
	return s.write(ctx, "check key", func(q tx) error {
		if err := q.InsertCanary(ctx, sealed); err != nil {
			return err
		}
		stored, err := q.Canary(ctx)
		if err != nil {
			return err
		}
		if plain, err := s.vault.open(canaryPlace, "sealed", stored); err != nil || plain != canary {
			return ErrWrongKey
		}
		return nil
	})
}
