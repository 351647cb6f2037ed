package mandate

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"strings"

	"mandate/ent"
	"mandate/ent/partner"
	"mandate/ent/tenant"
	"mandate/internal/access"
)

// partnerSide is a partner with its tenant.
type partnerSide struct {
	*ent.Partner
	tenant *ent.Tenant
}

// partnerOf reads the partner whose tenant it is, unless it came with a lock and the transaction has written none since.
func (t *tx) partnerOf(ctx context.Context, tenantID string) (*partnerSide, error) {
	if side := t.known.tenants[tenantID]; side.Partner != nil {
		return &side, nil
	}
	p, err := t.Partner.Query().Where(partner.TenantID(tenantID)).Only(ctx)
	if err != nil {
		return nil, fmt.Errorf("read a partner: %w", err)
	}
	tn, err := t.tenant(ctx, tenantID)
	if err != nil {
		return nil, fmt.Errorf("read a partner: %w", err)
	}
	return &partnerSide{p, tn}, nil
}

// ownPartner finds the partner on whose behalf the viewer invites or creates, and checks that they may: PARTNERS MANAGE
// by a membership of their own, in a recognised partner. The field is where the command names it.
func (t *tx) ownPartner(ctx context.Context, partnerID *string, field string) (*partnerSide, error) {
	var tenantID string
	if partnerID != nil {
		p, err := t.Partner.Query().Where(partner.ID(*partnerID)).Only(ctx)
		if ent.IsNotFound(err) {
			return nil, notFound(field)
		}
		if err != nil {
			return nil, err
		}
		tenantID = p.TenantID
	} else {
		only, err := t.onlyHome(ctx, tenant.KindPartner)
		switch {
		case err != nil:
			return nil, err
		case only == "":
			return nil, broken(PartnerPermissionRequired, "Only a recognised partner may do this.")
		case only == several:
			return nil, broken(Required, "You belong to several partners: name one.", field)
		}
		tenantID = only
	}
	if err := t.lock(ctx, tenantID); err != nil {
		return nil, err
	}
	if partnerID != nil {
		if err := t.sees(ctx, tenantID, []string{field}, access.Partners); err != nil {
			return nil, err
		}
	}
	if _, err := t.needOwn(ctx, tenantID, []string{field}, access.Partners); err != nil {
		return nil, err
	}
	p, err := t.partnerOf(ctx, tenantID)
	if err != nil {
		return nil, err
	}
	return p, p.mayConnect()
}

// mayConnect says why the partner may not invite, accept or create customers now, or nil.
func (p *partnerSide) mayConnect() error {
	if p.tenant.Status != tenant.StatusActive {
		return broken(TenantSuspended, "The partner is suspended.")
	}
	if !p.Recognized || IsTechPartner(p.Type) {
		return broken(PartnerPermissionRequired, "Only a recognised partner may do this.")
	}
	return nil
}

const several = "several"

// onlyHome returns the tenant of the given kind that the viewer is a member of, "" for none, several for several. That is what
// is to be locked, and decided about then.
func (t *tx) onlyHome(ctx context.Context, kind tenant.Kind) (string, error) {
	homes, err := t.before.Homes(ctx)
	if err != nil {
		return "", err
	}
	only := ""
	for _, m := range homes {
		switch {
		case m.Kind != string(kind):
		case only != "":
			return several, nil
		default:
			only = m.TenantID
		}
	}
	return only, nil
}

// RegisterPartner makes a partner and its first administrator, who gets a welcome link. For administrators of the operator.
//
// INVALID, for a type of tech partner too, which an MSP creates; TOO_LONG.
func (s *Service) RegisterPartner(ctx context.Context, cmd RegisterPartner) (p *ent.Partner, err error) {
	admin, faults := newContact(cmd.AdminFirstName, cmd.AdminLastName, cmd.AdminEmail, [3]string{"adminFirstName", "adminLastName", "adminEmail"})
	name, fault := oneLine(cmd.Name, 200, "name")
	faults = append(faults, those(fault)...)
	if IsTechPartner(cmd.Type) {
		faults = append(faults, broken(Invalid, "A tech partner is created by the MSP that manages it.", "type"))
	}
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		if err := t.operator(ctx); err != nil {
			return err
		}
		if len(faults) > 0 {
			return faults
		}
		tn, err := t.newTenant(tenant.KindPartner, name).Save(ctx)
		if err != nil {
			return fmt.Errorf("make the partner's tenant: %w", err)
		}
		if p, err = t.newPartner(ctx, tn, admin, cmd.Type, cmd.Recognized == nil || *cmd.Recognized, t.s.brandName()); err != nil {
			return err
		}
		return t.record(ctx, event{action: "partner.registered", tenant: tn.ID, target: p.ID, targetName: tn.Name,
			changes: change("recognized", "", fmt.Sprint(p.Recognized))})
	}, &p)
	return p, err
}

// RecognizePartner lets a partner invite, accept and create customers, or takes that back. For administrators of the operator.
//
// NOT_FOUND, INVALID for a tech partner, which does none of this.
func (s *Service) RecognizePartner(ctx context.Context, cmd RecognizePartner) (p *ent.Partner, err error) {
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		if err := t.operator(ctx); err != nil {
			return err
		}
		if p, err = t.Partner.Get(ctx, cmd.ID); ent.IsNotFound(err) {
			return notFound("id")
		} else if err != nil {
			return err
		}
		if err := t.lock(ctx, p.TenantID); err != nil {
			return err
		}
		if err := t.operator(ctx); err != nil {
			return err
		}
		side, err := t.partnerOf(ctx, p.TenantID)
		if err != nil {
			return err
		}
		if side.tenant.Status == tenant.StatusDeleted {
			return notFound("id")
		}
		if IsTechPartner(p.Type) {
			return broken(Invalid, "A tech partner works for customers of its MSP, and is not recognised itself.", "id")
		}
		if p, err = t.Partner.UpdateOne(side.Partner).SetRecognized(cmd.Recognized).Save(ctx); err != nil {
			return fmt.Errorf("recognise the partner: %w", err)
		}
		return t.record(ctx, event{action: "partner.recognized", tenant: p.TenantID, target: p.ID, targetName: side.tenant.Name,
			changes: change("recognized", fmt.Sprint(side.Recognized), fmt.Sprint(cmd.Recognized))})
	}, &p)
	return p, err
}

// RotateInviteLink replaces a partner's invite link; the old one is dead at once.
//
// NOT_FOUND, PARTNER_PERMISSION_REQUIRED, TENANT_SUSPENDED.
func (s *Service) RotateInviteLink(ctx context.Context, cmd RotateInviteLink) (p *ent.Partner, err error) {
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		side, err := t.ownPartner(ctx, &cmd.PartnerID, "partnerId")
		if err != nil {
			return err
		}
		if p, err = t.Partner.UpdateOne(side.Partner).SetLinkKey(newLinkKey()).Save(ctx); err != nil {
			return fmt.Errorf("rotate the invite link: %w", err)
		}
		return t.record(ctx, event{action: "partner.invite_link_rotated", tenant: p.TenantID, target: p.ID, targetName: side.tenant.Name})
	}, &p)
	return p, err
}

// InviteLink is a partner's link for customers: it fills in the Partner ID, and proves nothing.
func (s *Service) InviteLink(p *ent.Partner) string {
	return s.link("join", "partner", p.Code, "link", p.LinkKey)
}

// linkOf takes an invite link apart: the Partner ID that it shows, and its key. A key alone will do, and shows none.
func linkOf(link string) (code, key string, ok bool) {
	link = strings.TrimSpace(link)
	_, query, found := strings.Cut(link, "?")
	if !found {
		return "", link, true
	}
	query, _, _ = strings.Cut(query, "#")
	values, err := url.ParseQuery(query)
	return values.Get("partner"), values.Get("link"), err == nil && values.Get("partner") != ""
}

// newPartnerID makes a Partner ID such as MND-7K2M-93QD.
func newPartnerID() string { return newCode("MND-0000-0000") }

// newCode makes a code that people read and type: every 0 of the pattern becomes a random letter or digit, of those that are
// not mistaken for each other.
func newCode(pattern string) string {
	const alphabet = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
	code := []byte(pattern)
	for i, c := range code {
		if c != '0' {
			continue
		}
		var b [1]byte
		for {
			_, _ = rand.Read(b[:]) // never fails
			if int(b[0]) < 256/len(alphabet)*len(alphabet) {
				break
			}
		}
		code[i] = alphabet[int(b[0])%len(alphabet)]
	}
	return string(code)
}

func newLinkKey() string { return rand.Text() }
