package views

import (
	"slices"
	"strings"
	"testing"
)

func TestGroupPageSaysWhoAndHowMany(t *testing.T) {
	n := render(t, stateNamed(t, "choose"))
	if got, want := n.one(t, "header .who").text(), "Connected as jane@example.com Mojo account Harbor Realty (jane.ortiz)"; got != want {
		t.Errorf("header: got %q, want %q", got, want)
	}
	if got, want := n.one(t, "h1").text(), "Add 49 contacts to a group"; got != want {
		t.Errorf("heading: got %q, want %q", got, want)
	}
	if got, want := n.texts("footer a"), []string{"Activity", "Earlier pushes", "Reset Credentials"}; !slices.Equal(got, want) {
		t.Errorf("footer links: got %q, want %q", got, want)
	}
	if got := n.one(t, "footer button").text(); got != "Sign out" {
		t.Errorf("footer button: got %q, want Sign out", got)
	}
}

func TestGroupsAreARadioList(t *testing.T) {
	n := render(t, stateNamed(t, "choose"))
	if got, want := n.texts(".choice bdi"), []string{"Hot Lead", "Spring sellers 2026", "Open house, Camino Real", "Past clients"}; !slices.Equal(got, want) {
		t.Errorf("groups: got %q, want %q", got, want)
	}
	if got, want := n.texts(".choice .size"), []string{"41 contacts", "318 contacts", "7 contacts", "1,204 contacts"}; !slices.Equal(got, want) {
		t.Errorf("sizes: got %q, want %q", got, want)
	}
	if got, want := n.texts(".choice .tag"), []string{"Lead", "Last used"}; !slices.Equal(got, want) {
		t.Errorf("marks: got %q, want %q", got, want)
	}
	checked := n.one(t, "input[type=radio][checked]")
	if checked.attr("value") != "12" || checked.attr("form") != "add" || checked.attr("name") != "group" {
		t.Errorf("chosen: got %q of form %q as %q, want 12 of add as group", checked.attr("value"), checked.attr("form"), checked.attr("name"))
	}
}

func TestUnknownChoiceTakesTheFirstGroup(t *testing.T) {
	n := render(t, chooseWith(func(c *Choose) { c.Groups.Chosen = 404 }))
	if got := n.one(t, "input[type=radio][checked]").attr("value"); got != "12" {
		t.Errorf("chosen: got %q, want the first group", got)
	}
}

func TestFilterComesWithALongListAndWaitsForScripts(t *testing.T) {
	if got := len(render(t, stateNamed(t, "choose")).all("#filter")); got != 0 {
		t.Errorf("filter over 4 groups: got %d, want none", got)
	}
	n := render(t, stateNamed(t, "choose-300-groups"))
	if !n.one(t, "[data-script-only]").has("hidden") {
		t.Error("filter without scripts: want it hidden")
	}
	if got := n.one(t, "#"+n.one(t, "#filter").attr("data-filter")).all("[data-name]"); len(got) != 300 {
		t.Errorf("filtered rows: got %d, want 300", len(got))
	}
}

func TestNewGroupForm(t *testing.T) {
	n := render(t, stateNamed(t, "choose-taken-name"))
	if got := n.one(t, "#new-group button").text(); got != "New group" {
		t.Errorf("button: got %q, want New group", got)
	}
	name := n.one(t, "#new-group-name")
	if name.attr("value") != "Past clients" || name.attr("aria-describedby") != "new-group-error" || !name.has("autofocus") {
		t.Errorf("field: got %v, want the name kept, described by its error and focused", name.Attr)
	}
	if got := n.one(t, "#new-group-error").text(); !strings.HasPrefix(got, "Mojo already has a group with this name.") {
		t.Errorf("error: got %q", got)
	}
}

func TestCreatedGroupIsMarked(t *testing.T) {
	g := someChoose().Groups
	g.Chosen, g.New.Created = 15, true
	if got := render(t, GroupsPart(g)).one(t, "[data-created]").attr("value"); got != "15" {
		t.Errorf("mark: got group %q, want the created one", got)
	}
}

func TestFirstGroup(t *testing.T) {
	n := render(t, stateNamed(t, "choose-first-group"))
	if got := n.one(t, "#groups-heading").text(); got != "Create your first group" {
		t.Errorf("heading: got %q, want Create your first group", got)
	}
	if !n.one(t, "#add button").has("disabled") {
		t.Error("button without a group: want it disabled")
	}
}

func TestPreflightCountsAndNames(t *testing.T) {
	n := render(t, stateNamed(t, "choose"))
	if got := n.one(t, "#preflight-heading").text(); got != "44 will be added" {
		t.Errorf("heading: got %q, want 44 will be added", got)
	}
	want := []string{
		"3 are already in Mojo updated and put into the group",
		"2 have no phone added, but can't be dialed",
		"2 share a phone with another one added",
		"1 is marked do-not-call skipped unless you tick the box",
		"1 is a vendor skipped",
		"1 is no longer in Wise Agent, or not yours skipped",
		"2 have no name, phone or e-mail skipped",
	}
	if got := n.texts(".rows summary"); !slices.Equal(got, want) {
		t.Errorf("rows: got %q, want %q", got, want)
	}
	if got := n.texts(".rows .people")[4]; got != "Desert Title Company" {
		t.Errorf("names of the vendors: got %q", got)
	}
}

func TestLongListsOfNamesAreCut(t *testing.T) {
	n := render(t, stateNamed(t, "choose-hostile"))
	list := n.all(".people")[0]
	items := list.all("li")
	if got := len(items); got != 201 {
		t.Fatalf("items: got %d, want 200 names and the rest", got)
	}
	if got := items[200].text(); got != "and 250 more" {
		t.Errorf("last item: got %q, want and 250 more", got)
	}
	if list.attr("tabindex") != "0" {
		t.Error("a list that scrolls: want it reachable by keyboard")
	}
}

func TestHostileNamesAreText(t *testing.T) {
	n := render(t, stateNamed(t, "choose-hostile"))
	want := append(slices.Clone(hostile[:len(hostile)-1]), noName)
	if got := n.texts(".choice bdi"); !slices.Equal(got, want) {
		t.Errorf("groups: got %q, want %q", got, want)
	}
}

func TestAddButtonCarriesTheNumber(t *testing.T) {
	for _, test := range []struct {
		state, text string
		disabled    bool
	}{
		{"choose", "Add 44 contacts to Mojo", false},
		{"choose-dnc-ticked", "Add 45 contacts to Mojo", false},
		{"choose-clean", "Add 1 contact to Mojo", false},
		{"choose-nobody", "Add 0 contacts to Mojo", true},
		{"choose-loading", "Add contacts to Mojo", true},
	} {
		button := render(t, stateNamed(t, test.state)).one(t, "#add button")
		if got := button.text(); got != test.text || button.has("disabled") != test.disabled {
			t.Errorf("%s: got %q, disabled %v; want %q, %v", test.state, got, button.has("disabled"), test.text, test.disabled)
		}
	}
}

func TestAddFormOpensATabAndIsFollowed(t *testing.T) {
	n := render(t, stateNamed(t, "choose"))
	form := n.one(t, "#add")
	for attr, want := range map[string]string{"method": "post", "action": "/push", "target": "_blank", "data-push-url": "/push/0199-push"} {
		if got := form.attr(attr); got != want {
			t.Errorf("form's %s: got %q, want %q", attr, got, want)
		}
	}
	if got := form.one(t, "[name=push]").attr("value"); got != "0199-push" {
		t.Errorf("one-time key: got %q", got)
	}
	box := n.one(t, "[name=dnc]")
	if box.attr("form") != "add" || box.attr("data-add") != "44" || box.attr("data-with-dnc") != "45" || box.has("checked") {
		t.Errorf("do-not-call box: got %v, want it unticked in the form with both numbers", box.Attr)
	}
}

func TestLoadingAsksAgain(t *testing.T) {
	n := render(t, stateNamed(t, "choose-loading"))
	part := n.one(t, "#preflight")
	if part.attr("hx-get") != "/preflight" || part.attr("hx-trigger") != "every 1s" {
		t.Errorf("part: got %q %q, want it to ask for itself every second", part.attr("hx-get"), part.attr("hx-trigger"))
	}
	if got := n.one(t, "head noscript meta[http-equiv=refresh]").attr("content"); got != "2" {
		t.Errorf("refresh without scripts: got %q, want 2", got)
	}
	if got := n.one(t, "#preflight label").text(); got != "120 of 500 fetched from Wise Agent" {
		t.Errorf("text: got %q", got)
	}
	ready := render(t, stateNamed(t, "choose"))
	if ready.one(t, "#preflight").has("hx-get") || len(ready.all("[http-equiv=refresh]")) != 0 {
		t.Error("ready page: want it to stay as it is")
	}
}
