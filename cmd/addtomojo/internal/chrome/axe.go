package chrome

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/chromedp/chromedp"
)

// axeTags are the rules of WCAG 2.0 to 2.2, levels A and AA.
var axeTags = []string{"wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"}

// settled waits a moment for the transitions that a new look starts: a color on its way from light to dark has no contrast
// yet.
const settled = `Promise.race([
	new Promise((done) => setTimeout(() => done(true), 3000)),
	Promise.allSettled(document.getAnimations({subtree: true})
		.filter((a) => a.effect.getComputedTiming().endTime < 3000).map((a) => a.finished)).then(() => true),
])`

// Axe runs axe-core, whose source is given, over the page as it stands and gives what it finds, one line each.
func (tab *Tab) Axe(source string) []string {
	tab.t.Helper()
	tab.toFront() // transitions stand still in a tab that isn't drawn
	Value[bool](tab, settled)
	if !Value[bool](tab, "!!window.axe") {
		if _, err := chromedp.Run(tab.ctx, chromedp.Evaluate[chromedp.Void](source)); err != nil {
			tab.t.Fatalf("load axe: %v", err)
		}
	}
	tags, err := json.Marshal(axeTags)
	if err != nil {
		tab.t.Fatal(err)
	}
	run := fmt.Sprintf(`axe.run(document, {runOnly: {type: "tag", values: %s}, resultTypes: ["violations"]})`, tags)
	return Value[axeReport](tab, run).lines()
}

type axeReport struct {
	Violations []struct {
		ID    string `json:"id"`
		Help  string `json:"help"`
		Nodes []struct {
			HTML    string `json:"html"`
			Summary string `json:"failureSummary"`
		} `json:"nodes"`
	} `json:"violations"`
}

func (r axeReport) lines() []string {
	var lines []string
	for _, v := range r.Violations {
		for _, n := range v.Nodes {
			lines = append(lines, fmt.Sprintf("%s: %s: %s (%s)", v.ID, v.Help, n.HTML, strings.Join(strings.Fields(n.Summary), " ")))
		}
	}
	return lines
}
