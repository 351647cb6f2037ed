package access

// Change is one field that a write changed, as the audit trail keeps it. Secrets never stand in it.
type Change struct {
	Field  string  `json:"field"`
	Before *string `json:"before,omitempty"`
	After  *string `json:"after,omitempty"`
}
