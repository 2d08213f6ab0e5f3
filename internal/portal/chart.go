package portal

import (
	"net/url"
	"strconv"

	"apicenter/internal/inventory"
)

// chart draws how many things have each value of a field. What it draws, its
// legend says in words and figures: nobody needs to see the picture.
type chart struct {
	ID, Title string
	Ring      bool // the parts make up the whole; else, a thing can be in several
	Parts     []part
	Total     int
}

// part is one value of a chart.
type part struct {
	Label   string
	Address string // of those that have it
	Count   int
	Class   string
	// Of a bar, how long it is, of 100; of a ring, how much of 100 it takes, as text
	// for the attribute, and where it begins.
	Width, Dash, Offset string
}

// maxParts is how many values a chart shows; the rest is one part.
const maxParts = 7

// chartsOf draws what tells APIs apart. here is the address of their list.
func chartsOf(here string, f inventory.Facets) []chart {
	var out []chart
	for _, known := range facets {
		counts := f.Counts[known.field]
		if f.Total == 0 || len(counts) == 0 {
			continue
		}
		c := chart{
			ID: "chart-" + known.param, Title: known.title, Total: f.Total,
			Ring: known.field == inventory.FieldKind || known.field == inventory.FieldLifecycleStage,
		}
		largest, at := 0, 0.0
		for _, n := range counts {
			largest = max(largest, n.Things)
		}
		for i, n := range counts {
			if i == maxParts-1 && len(counts) > maxParts {
				c.Parts = append(c.Parts, restOf(counts[i:], here, f.Total, largest, at))
				break
			}
			p := part{
				Label: known.label(n.Value), Count: n.Things, Class: "part-" + strconv.Itoa(i),
				Address: here + "?" + url.Values{known.param: {n.Value}}.Encode(),
			}
			if n.Value == "" {
				p.Class = "part-none"
			}
			at = p.draw(f.Total, largest, at)
			c.Parts = append(c.Parts, p)
		}
		out = append(out, c)
	}
	return out
}

func restOf(counts []inventory.Count, here string, total, largest int, at float64) part {
	p := part{Label: plural(len(counts), "other", "others"), Address: here, Class: "part-none"}
	for _, n := range counts {
		p.Count += n.Things
	}
	p.draw(total, max(largest, p.Count), at)
	return p
}

// draw sets the measures, and says where the next part of a ring begins.
func (p *part) draw(total, largest int, at float64) float64 {
	share := 100 * float64(p.Count) / float64(total)
	p.Width = number(100 * float64(p.Count) / float64(largest))
	p.Dash = number(share) + " " + number(max(0, 100-share))
	p.Offset = number(25 - at) // a stroke begins at three o'clock, a ring at twelve
	return at + share
}

func number(x float64) string { return strconv.FormatFloat(x, 'f', 2, 64) }
