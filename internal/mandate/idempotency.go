package mandate

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"mandate/ent"
	"mandate/ent/idempotencyrecord"
	"mandate/ent/rule"
	"mandate/internal/database"
)

const (
	attemptLife = 24 * time.Hour // how long a key of a client's is remembered
	mostExpired = 10             // records that go whenever one is made: so there are no more than a day leaves
)

// Attempt is a mutation under a key of the client's own making: however often it is sent, because an answer was lost, it is
// carried out once. Sent again, it answers what it answered, as far as the viewer still sees it, and without secrets.
type Attempt struct {
	Key  string // SHA-256 of who asks, of the mutation and of the client's key
	Body string // HMAC-SHA-256 of the input without passwords, under the client's key

	Replayed bool // whether it was carried out before
}

type attemptKey struct{}

// WithAttempt returns a context in which a mutation is carried out under a key; nil for none.
func WithAttempt(ctx context.Context, a *Attempt) context.Context {
	return context.WithValue(ctx, attemptKey{}, a)
}

func attemptOf(ctx context.Context) *Attempt {
	a, _ := ctx.Value(attemptKey{}).(*Attempt)
	return a
}

// replayed reports whether the operation was carried out before, and only its answer was found.
func replayed(ctx context.Context) bool {
	a := attemptOf(ctx)
	return a != nil && a.Replayed
}

// ErrOtherAttempt says that the client used its key with another input before.
var ErrOtherAttempt = errors.New("this Idempotency-Key was used with another input")

// carriedOut says that an attempt was carried out before, and what it answered.
type carriedOut struct{ result []string }

// Error says so.
func (c *carriedOut) Error() string { return "carried out before" }

// replay answers what was carried out before, and reports whether it was. Operations ask that first look at something
// outside of their transaction, such as the present password, which may be another one since.
func (s *Service) replay(ctx context.Context, results ...any) (bool, error) {
	a := attemptOf(ctx)
	if a == nil {
		return false, nil
	}
	row, err := a.find(rule.Unscoped(ctx), s.Client.IdempotencyRecord)
	if err != nil || row == nil || a.expired(row, s.Clock()) {
		return false, err
	}
	if row.BodyHash != a.Body {
		return false, ErrOtherAttempt
	}
	a.recall(row.Result, results)
	return true, nil
}

// begins takes the key, before anything is read: another attempt at the same moment waits here. It fails when the key is
// taken already.
func (a *Attempt) begins(ctx context.Context, t *tx) error {
	take := t.IdempotencyRecord.Create().SetPrincipalKey(a.Key).SetBodyHash(a.Body).SetResult([]string{}).SetAt(t.now)
	err := take.Exec(ctx)
	if err == nil {
		return nil
	}
	if !database.IsDuplicate(err) {
		return fmt.Errorf("take an attempt's key: %w", err)
	}
	row, err := a.find(ctx, t.IdempotencyRecord)
	switch {
	case err != nil:
		return err
	case row == nil: // it went meanwhile
		return errAgain
	case a.expired(row, t.now):
		if err := t.IdempotencyRecord.UpdateOne(row).SetBodyHash(a.Body).SetAt(t.now).Exec(ctx); err != nil {
			return fmt.Errorf("take an expired key: %w", err)
		}
		return nil
	case row.BodyHash != a.Body:
		return ErrOtherAttempt
	}
	return &carriedOut{row.Result}
}

// find reads the record of the key, nil for none.
func (a *Attempt) find(ctx context.Context, records *ent.IdempotencyRecordClient) (*ent.IdempotencyRecord, error) {
	row, err := records.Query().Where(idempotencyrecord.PrincipalKey(a.Key)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read an attempt: %w", err)
	}
	return row, nil
}

func (a *Attempt) expired(row *ent.IdempotencyRecord, now time.Time) bool {
	return !now.Before(row.At.Add(attemptLife))
}

// ends keeps what the attempt answers, and forgets some others that are expired. That comes last: nobody waits long for
// the locks on them.
func (a *Attempt) ends(ctx context.Context, t *tx, results []any) error {
	kept := []string{}
	for _, r := range results {
		kept = keep(kept, reflect.ValueOf(r).Elem())
	}
	err := t.IdempotencyRecord.Update().Where(idempotencyrecord.PrincipalKey(a.Key)).SetResult(kept).Exec(ctx)
	if err != nil {
		return fmt.Errorf("keep what was answered: %w", err)
	}
	return t.forgetAttempts(ctx)
}

// forgetAttempts deletes some of the records that are expired. They are read first: a DELETE that looks for them by itself
// waits for rows that others are writing.
func (t *tx) forgetAttempts(ctx context.Context) error {
	old := idempotencyrecord.AtLTE(t.now.Add(-attemptLife))
	ids, err := t.IdempotencyRecord.Query().Where(old).Order(idempotencyrecord.ByAt()).Limit(mostExpired).IDs(ctx)
	if err == nil && len(ids) > 0 {
		_, err = t.IdempotencyRecord.Delete().Where(idempotencyrecord.IDIn(ids...), old).Exec(ctx)
	}
	if err != nil {
		return fmt.Errorf("forget expired attempts: %w", err)
	}
	return nil
}

// recall gives the results what was answered before. Of rows there are the ids: whoever shows them reads them anew.
func (a *Attempt) recall(kept []string, results []any) {
	r := answer(kept)
	for _, to := range results {
		r.restore(reflect.ValueOf(to).Elem())
	}
	a.Replayed = true
}

// keep appends what a value consists of: of a row its id, and of a field that is marked as a secret nothing.
func keep(list []string, v reflect.Value) []string {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return append(list, "")
		}
		if isRow(v.Type()) {
			return append(list, v.Elem().FieldByName("ID").String())
		}
		return keep(append(list, "1"), v.Elem())
	case reflect.Slice:
		list = append(list, strconv.Itoa(v.Len()))
		for i := range v.Len() {
			list = keep(list, v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if !isSecret(v.Type().Field(i)) {
				list = keep(list, v.Field(i))
			}
		}
	case reflect.String:
		list = append(list, v.String())
	case reflect.Int:
		list = append(list, strconv.FormatInt(v.Int(), 10))
	case reflect.Bool:
		list = append(list, strconv.FormatBool(v.Bool()))
	default:
		panic("a " + v.Type().String() + " is not kept")
	}
	return list
}

// isRow reports whether values of a type are rows, which are known by their ids.
func isRow(t reflect.Type) bool {
	return t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct && t.Elem().PkgPath() == reflect.TypeFor[ent.Tenant]().PkgPath()
}

// isSecret reports whether a field is shown once only.
func isSecret(f reflect.StructField) bool { return f.Tag.Get("shown") == "once" }

// answer is what was kept, to be read in the order in which it was written.
type answer []string

// next is "" when there is nothing more: an earlier version of the program may have kept less.
func (r *answer) next() string {
	if len(*r) == 0 {
		return ""
	}
	s := (*r)[0]
	*r = (*r)[1:]
	return s
}

// restore sets a value, whatever an attempt that was taken back left there.
func (r *answer) restore(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.SetZero()
		s := r.next()
		if s == "" {
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		if isRow(v.Type()) {
			v.Elem().FieldByName("ID").SetString(s)
			return
		}
		r.restore(v.Elem())
	case reflect.Slice:
		n, _ := strconv.Atoi(r.next())
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			r.restore(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if !isSecret(v.Type().Field(i)) {
				r.restore(v.Field(i))
			}
		}
	case reflect.String:
		v.SetString(r.next())
	case reflect.Int:
		n, _ := strconv.ParseInt(r.next(), 10, 64)
		v.SetInt(n)
	case reflect.Bool:
		v.SetBool(r.next() == "true")
	}
}
