package mandate

import (
	"fmt"
	"time"

	"mandate/ent"
	"mandate/ent/partner"
)

// period is from when until when access is to count; open if it has no end.
type period struct {
	starts time.Time
	ends   *time.Time
}

// limits is how long access may be given for.
type limits struct {
	least     time.Duration
	most      int // days
	otherwise int // days, when a command names no end; 0 for no end
	sentence  string
}

var (
	anyPeriod = limits{least: 1, most: mostAccessDays, sentence: fmt.Sprintf("Access ends after it begins, at most %d days later.", mostAccessDays)}
	// An installer comes for days, and everybody else may stay.
	installerPeriod = limits{least: 24 * time.Hour, most: 60, otherwise: 7, sentence: "Value must be between 1 and 60 days"}
)

// limitsOf is for how long somebody may be given access: a tech partner, or nil for anybody else.
func limitsOf(p *ent.Partner) limits {
	if p != nil && p.Type == partner.TypeInstaller {
		return installerPeriod
	}
	return anyPeriod
}

// period reads an access period that a command names; without one access counts from now on.
func (t *tx) period(p *AccessPeriod, l limits) (period, error) {
	in := orZero(p)
	span := period{starts: t.now}
	if in.StartsAt != nil && in.StartsAt.After(t.now) {
		span.starts = in.StartsAt.UTC().Truncate(time.Microsecond)
	}
	outOfRange := broken(AccessPeriodOutOfRange, l.sentence, "accessPeriod")
	switch {
	case span.starts.After(t.now.AddDate(0, 0, mostAccessDays)):
		return span, broken(AccessPeriodOutOfRange, fmt.Sprintf("Access begins at most %d days ahead.", mostAccessDays), "accessPeriod")
	case in.Days != nil && in.EndsAt != nil:
		return span, broken(Invalid, "Name the days or the end, not both.", "accessPeriod")
	case in.Days != nil && (*in.Days < 1 || *in.Days > l.most):
		return span, outOfRange
	case in.Days != nil:
		span.ends = span.after(*in.Days)
	case in.EndsAt != nil:
		end := in.EndsAt.UTC().Truncate(time.Microsecond)
		span.ends = &end
	case l.otherwise > 0:
		span.ends = span.after(l.otherwise)
	}
	if span.ends != nil && (span.ends.Before(span.starts.Add(l.least)) || span.ends.After(*span.after(l.most))) {
		return span, outOfRange
	}
	return span, nil
}

func (p period) after(days int) *time.Time {
	end := p.starts.AddDate(0, 0, days)
	return &end
}
