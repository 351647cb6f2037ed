package feed

import "time"

// Subscribers returns how many there are.
func (f *Follower) Subscribers() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count
}

// Narrow makes the window of a follower shorter, for tests that outlast it.
func (f *Follower) Narrow(window time.Duration) { f.window = window }
