package auth

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math/big"
	"strings"
	"time"

	"mandate/ent/rule"
	"mandate/internal/access"
	"mandate/internal/viewer"
)

// An API token is "mnd_", 43 random letters and digits, which are 256 bits, and 6 that are the CRC-32 (IEEE) of all before
// them. Whatever scans texts for secrets recognises it by its beginning, and tells it from others without asking anybody.
const (
	apiTokenBegin    = "mnd_"
	apiTokenRandom   = 43
	apiTokenChecksum = 6
	apiTokenShown    = 8 // of the random ones, to recognise it by
	apiTokenLen      = len(apiTokenBegin) + apiTokenRandom + apiTokenChecksum
)

// base62 are the characters of API tokens, as digits.
const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// NewAPIToken returns an API token, to be shown once, its beginning, to recognise it by, and its hash, to be kept.
func NewAPIToken() (token, prefix, hash string) {
	b := []byte(apiTokenBegin)
	for range apiTokenRandom {
		n, _ := rand.Int(rand.Reader, big.NewInt(int64(len(base62)))) // never fails
		b = append(b, base62[n.Int64()])
	}
	token = string(b) + checksum(string(b))
	return token, token[:len(apiTokenBegin)+apiTokenShown], digest(token)
}

// APITokenHash returns the hash of an API token as it was handed out. Anything that cannot be one is refused before it is
// looked for.
func APITokenHash(token string) (hash string, ok bool) {
	if len(token) != apiTokenLen || !strings.HasPrefix(token, apiTokenBegin) {
		return "", false
	}
	body := token[:apiTokenLen-apiTokenChecksum]
	if strings.Trim(body[len(apiTokenBegin):], base62) != "" || checksum(body) != token[len(body):] {
		return "", false
	}
	return digest(token), true
}

// checksum is the CRC-32 of a text, in base 62.
func checksum(text string) string {
	sum := crc32.ChecksumIEEE([]byte(text))
	var digits [apiTokenChecksum]byte
	for i := range digits {
		digits[apiTokenChecksum-1-i] = base62[sum%uint32(len(base62))]
		sum /= uint32(len(base62))
	}
	return string(digits[:])
}

// apiToken returns for whom a program asks with an API token: while it is neither revoked nor over, and
// rests on an active membership in an active tenant.
func (s *Sessions) apiToken(ctx context.Context, by key, now time.Time, ms *rule.Memberships) (viewer.Viewer, error) {
	v := viewer.Viewer{Token: &viewer.Token{}}
	var scopes []byte
	var all bool
	var used sql.NullTime
	err := s.read(ctx, ms, `SELECT k.id, k.prefix, k.user_id, k.member_id, k.scopes, k.all_tenants, k.last_used_at, `+rule.MembershipColumns+`
		FROM api_tokens k JOIN members m ON m.id=k.member_id`+rule.MembershipTables+`
		WHERE `+by.column+`=? AND k.revoked_at IS NULL AND k.expires_at>? AND m.status='ACTIVE'`, []any{by.value, now},
		&v.Token.ID, &v.Token.Prefix, &v.UserID, &v.Token.MemberID, &scopes, &all, &used)
	if err != nil {
		return viewer.Viewer{}, fmt.Errorf("look the API token up: %w", err)
	}
	var levels map[access.Feature]access.Level
	if err := json.Unmarshal(scopes, &levels); err != nil {
		return viewer.Viewer{}, fmt.Errorf("read the scopes of an API token: %w", err)
	}
	v.Token.Scopes = access.Of(levels)
	if !all {
		if v.Token.Tenants, err = s.tenantsOf(ctx, v.Token.ID); err != nil {
			return viewer.Viewer{}, err
		}
	}
	if by.used && (!used.Valid || now.Sub(used.Time) >= seenEvery) {
		err = s.noteUse(ctx, v.Token.ID, now)
	}
	return v, err
}

// tenantsOf reads the tenants that an API token is limited to. None is a limit, too.
func (s *Sessions) tenantsOf(ctx context.Context, tokenID string) ([]string, error) {
	rows, err := s.Read.QueryContext(ctx, "SELECT tenant_id FROM api_token_tenants WHERE token_id=?", tokenID)
	if err != nil {
		return nil, fmt.Errorf("read the tenants of an API token: %w", err)
	}
	defer rows.Close()
	tenants := []string{}
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("read the tenants of an API token: %w", err)
		}
		tenants = append(tenants, id)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the tenants of an API token: %w", err)
	}
	return tenants, nil
}

func (s *Sessions) noteUse(ctx context.Context, tokenID string, now time.Time) error {
	if _, err := s.Write.ExecContext(ctx, "UPDATE api_tokens SET last_used_at=? WHERE id=?", now, tokenID); err != nil {
		return fmt.Errorf("note the API token's use: %w", err)
	}
	return nil
}
