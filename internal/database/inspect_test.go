package database

import (
	"path/filepath"
	"testing"
)

// TestInspectingWritesNothing: what is opened to look at it cannot be written, and is not made.
func TestInspectingWritesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "none.db")
	_, err := Inspect(t.Context(), "sqlite:"+path)
	expectError(t, err, "there is no database at "+path)
	run(t, openEmpty(t, "sqlite:"+path), "CREATE TABLE a (id int)")
	db, err := Inspect(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, err = db.Write.Exec("INSERT INTO a VALUES (1)")
	expectError(t, err, "readonly")
	patient, err := db.Patient()
	if err != nil {
		t.Fatal(err)
	}
	defer patient.Close()
	_, err = patient.Exec("INSERT INTO a VALUES (1)")
	expectError(t, err, "readonly")
}
