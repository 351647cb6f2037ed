package telemetry

// Connections is how many connections for subscriptions are open, and how many subscriptions there are on them.
type Connections struct{ WebSockets, EventStreams, Subscriptions int }
