package graph

// Resolver answers.
type Resolver struct{}
