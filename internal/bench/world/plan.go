package world

// plan is what a world of one size has besides the numbers that name it.
type plan struct {
	people   int // members of a customer
	crowd    int // members of World.Customer who are no administrators
	events   int // in the audit trail of World.Customer
	assigned int // customers that each of the large partner's staff is assigned to
	others   int // partners besides the large and the small one
	techs    int // tech partners of the large partner
	worked   int // customers that each tech partner is assigned to
}

// plans are those of the sizes. What they leave of the users are the staff of other partners, and what they leave of the
// assignments is theirs.
var plans = map[Size]plan{
	Tiny:  {people: 7, crowd: 60, events: 200, assigned: 16, others: 2, techs: 5, worked: 8},
	Small: {people: 9, crowd: 300, events: 2_000, assigned: 148, others: 20, techs: 30, worked: 8},
	Large: {people: 9, crowd: 3_000, events: 20_000, assigned: 12_000, others: 300, techs: 300, worked: 300},
}
