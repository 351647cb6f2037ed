package mandate

import "time"

// announcedBefore is how many days before its end access is announced to end.
var announcedBefore = []int{30, 7, 1}

// extendsBefore is how long before its end a relationship is extended by itself.
const extendsBefore = 24 * time.Hour

// NextDue is when the clock has something to do next with access that counts from starts until ends: to announce its end, or
// else, with days by which it moves by itself, to move it; to record it. That is after now, unless it is late already. It is
// nil for access without an end. What lies behind now, or before the access begins, is not announced any more.
func NextDue(starts time.Time, ends *time.Time, autoExtendDays *int, now time.Time) *time.Time {
	if ends == nil {
		return nil
	}
	due := ends.UTC()
	if autoExtendDays != nil {
		if now.Before(due) {
			due = due.Add(-extendsBefore)
		}
		return &due
	}
	for _, at := range announcements(starts, *ends) {
		if at.After(now) {
			return &at
		}
	}
	return &due
}

// announcements lists when the end of access is announced, oldest first.
func announcements(starts, ends time.Time) (list []time.Time) {
	for _, days := range announcedBefore {
		if at := ends.UTC().AddDate(0, 0, -days); at.After(starts) {
			list = append(list, at)
		}
	}
	return list
}

// isAnnounced reports whether the end of access is to be announced now, to which the clock was to look at the moment due: the
// moment of an announcement has come since, or of several.
func isAnnounced(starts, ends, due, now time.Time) bool {
	for _, at := range announcements(starts, ends) {
		if !at.Before(due) && !at.After(now) {
			return now.Before(ends)
		}
	}
	return false
}

// daysUntil is in how many days access ends: a day that has begun counts.
func daysUntil(ends, now time.Time) int {
	const day = 24 * time.Hour
	return int((ends.Sub(now) + day - 1) / day)
}
