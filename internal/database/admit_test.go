package database

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

func TestF13AdmitWaitsTwoSecondsForAConnection(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		db := openEmpty(t, url)
		var held []*sql.Conn
		for range db.Read.Stats().MaxOpenConnections {
			conn, err := db.Read.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			held = append(held, conn)
		}
		start := time.Now()
		err := db.Admit(t.Context())
		if took := time.Since(start); err == nil || !strings.Contains(err.Error(), "in use") || took < acquireLimit || took > 2*acquireLimit {
			t.Errorf("after %v: %v", took, err)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if err := db.Admit(gone); !errors.Is(err, context.Canceled) {
			t.Errorf("who has gone is told %v", err)
		}
		time.AfterFunc(100*time.Millisecond, func() { held[0].Close() })
		if err := db.Admit(t.Context()); err != nil {
			t.Errorf("a connection came free, and yet: %v", err)
		}
	})
}

func TestWordingHoldsNoValues(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"Duplicate entry 'kim@contoso.example' for key 'users.email_canonical'":           "Duplicate entry … for key 'users.email_canonical'",
		"Duplicate entry 'it's for key x' for key 'tenants.name'":                         "Duplicate entry … for key 'tenants.name'",
		`Incorrect string value: '\xF0\x9F' for column ` + "`m`.`users`.`email` at row 1": "Incorrect string value: … for column `m`.`users`.`email` at row 1",
		"Data too long for column 'label' at row 1":                                       "Data too long for column 'label' at row 1",
		"Table 'mandate.nothing' doesn't exist":                                           "Table 'mandate.nothing' doesn't exist",
		"You have an error in your SQL syntax near 'SELECT 'kim'' at line 1":              "You have an error in your SQL syntax near …",
		"Lock wait timeout exceeded; try restarting transaction":                          "Lock wait timeout exceeded; try restarting transaction",
	} {
		err := errors.Join(errors.New("make a user"), &mysql.MySQLError{Number: 1062, Message: message})
		if got := Wording(err); got != "make a user\nError 1062: "+want {
			t.Errorf("%s\nbecame %s", message, got)
		}
	}
	if got := Wording(errors.New("'quoted'")); got != "'quoted'" {
		t.Errorf("another error became %s", got)
	}
}
