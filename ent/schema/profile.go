package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/mixin"
)

// fields is a mixin of columns that several tables keep in the same way.
type fields struct {
	mixin.Schema
	list []ent.Field
}

// Fields of the mixin.
func (f fields) Fields() []ent.Field { return f.list }

// partnerProfile is all that the other side sees of a partner: kept with the row, so that it stays readable for ever
// and opens no way into the partner's tenant.
func partnerProfile() ent.Mixin {
	return fields{list: []ent.Field{
		text("partner_name", "Name of the partner.", 200, hidden),
		key("partner_type", "Type of the partner.", 20, hidden),
		key("partner_code", "Partner ID of the partner.", 20, hidden),
	}}
}

// customerProfile is all that the other side sees of a customer: empty until the customer is known.
func customerProfile() ent.Mixin {
	return fields{list: []ent.Field{
		text("customer_name", "Name of the customer.", 200, hidden, nullable),
		text("customer_account_number", "Account number of the customer.", 60, hidden, nullable),
	}}
}
