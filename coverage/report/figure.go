package report

import "github.com/paulmach/orb"

// Plot is what a figure draws: a Map, Multiples, Bars, Intervals or a Histogram. Lengths on paper, fonts and projection are the
// drawer's; meanings, orders and words are here.
type Plot interface{ plot() }

// Base is the ground that the maps of a report share: its neighborhoods and the borders of what they belong to.
type Base struct {
	Shapes  []Shape
	Borders []orb.MultiPolygon // of parents, drawn as stronger lines; may be empty
	Bound   orb.Bound          // degrees
}

// Shape is a neighborhood on a map.
type Shape struct {
	ID, Name string
	Geometry orb.MultiPolygon // degrees
}

// Map shows a class for every shape of its base, and places over them. It has a scale, north, a legend in words, the
// attribution, and on a page of its own a free slot for the 审图号.
type Map struct {
	Base     *Base
	Title    Text   // of a panel in Multiples; empty else
	Fill     []Tone // per shape
	Hatch    []bool // per shape: hatched over its colour (the share is an interval); nil: none
	Labels   bool   // names of shapes where there is room
	Overlays []Overlay
	Legend   []Legend
	Credits  []string
	Small    bool // a panel of Multiples: neither scale nor legend of its own
}

// Overlay is a place drawn over the shapes, half transparent.
type Overlay struct {
	Geometry orb.MultiPolygon
	Tone     Tone
}

// Legend explains a tone in words.
type Legend struct {
	Tone  Tone
	Hatch bool
	Words Text
}

// Multiples are small maps of one base with one legend, title over each.
type Multiples struct {
	Maps    []*Map
	Legend  []Legend
	Credits []string
}

// Bars are horizontal bars, the first on top: a ranking, a profile. A bar reaches from 0 to Value; a lighter, hatched part goes on to
// Max where the figure is an interval.
type Bars struct {
	Rows  []Bar
	Full  int64 // value of the axis' end
	Scale int   // values are in units of 10^−Scale
	Unit  Text  // of the axis
	Lines []Line
	// Legend of the tones that occur; may be empty.
	Legend []Legend
}

// Bar is a row of Bars.
type Bar struct {
	Label      Text
	Value, Max int64
	Null       bool // unknown: the row says so
	Tone       Tone
	Words      Text // what stands at its end: the value in words
}

// Line is a line across an axis: a grade's or pass line.
type Line struct {
	At    int64
	Words Text
}

// Intervals are stacked bars of shares: covered, undetermined, uncovered, with a mark at the pass line.
type Intervals struct {
	Rows   []Interval
	Legend []Legend
}

// Interval is a row of Intervals, in millionths of the whole.
type Interval struct {
	Label                            Text
	Covered, Undetermined, Uncovered int64
	PassLine                         int64
	Null                             bool // not assessed: the row says why
	Words                            Text // at its end
	Tone                             Tone // of its verdict, shown as a dot before the label; ToneNone: none
}

// Histogram counts things by classes that follow each other on an axis.
type Histogram struct {
	Bins   []Bin
	Unit   Text // of the axis
	Counts Text // what is counted
}

// Bin is a column of a Histogram.
type Bin struct {
	Words Text
	Count int
	Tone  Tone
}

func (*Map) plot()       {}
func (*Multiples) plot() {}
func (*Bars) plot()      {}
func (*Intervals) plot() {}
func (*Histogram) plot() {}
