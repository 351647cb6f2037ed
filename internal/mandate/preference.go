package mandate

// TablePreference is which columns of a table a person wants to see.
type TablePreference struct {
	Table     string
	Columns   []string
	IsDefault bool
}
