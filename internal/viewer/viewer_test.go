package viewer_test

import (
	"context"
	"testing"

	"mandate/internal/viewer"
)

func TestNobodyAsksUnlessSomebodyWasSeated(t *testing.T) {
	t.Parallel()
	v := viewer.From(context.Background())
	if v.SignedIn() || v.Entered() || v.IsSystem() {
		t.Errorf("somebody asks: %+v", v)
	}
	viewer.Become(context.Background(), viewer.Viewer{UserID: "usr"}) // there is no seat to take
	if viewer.From(context.Background()).SignedIn() {
		t.Error("somebody took a seat that there was not")
	}
}

func TestWhoAsks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		v                         viewer.Viewer
		signedIn, entered, system bool
	}{
		"a stranger":                   {viewer.Viewer{RequestID: "r", Address: "192.0.2.1"}, false, false, false},
		"a person":                     {viewer.Viewer{UserID: "usr", SessionID: "ses"}, true, false, false},
		"a person who entered":         {viewer.Viewer{UserID: "usr", SessionID: "ses", EnteredTenantID: "ten"}, true, true, false},
		"a part of the program itself": {viewer.From(viewer.System(context.Background(), "worker")), false, false, true},
	} {
		got := viewer.From(viewer.With(context.Background(), c.v))
		if got != c.v || got.SignedIn() != c.signedIn || got.Entered() != c.entered || got.IsSystem() != c.system {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestBecomingSomebodyEndsWithTheSeat(t *testing.T) {
	t.Parallel()
	request := viewer.With(context.Background(), viewer.Viewer{RequestID: "r"})
	field := viewer.With(request, viewer.From(request)) // every root field has a seat of its own
	deeper, cancel := context.WithCancel(field)
	defer cancel()
	viewer.Become(deeper, viewer.Viewer{UserID: "usr"})
	if !viewer.From(field).SignedIn() || !viewer.From(deeper).SignedIn() {
		t.Error("the rest of the field's answer does not know the person")
	}
	if viewer.From(request).SignedIn() {
		t.Error("other fields of the request know the person")
	}
}
