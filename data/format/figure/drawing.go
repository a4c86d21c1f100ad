package figure

// Drawing is a picture as a list of what is drawn, the first below. Lengths are whole hundredths of a millimetre, y goes down.
type Drawing struct {
	Width, Height int
	Title, Desc   string // for who cannot see it
	Defs          []Path // outlines that are drawn more than once: see Area.Def
	Items         []Item
}

// Item is an Area or Words.
type Item interface{ item() }

// Point is a place on paper.
type Point struct{ X, Y int32 }

// Path is a set of rings or lines. Of closed paths the even-odd rule tells the inside.
type Path struct {
	Rings [][]Point
	Open  bool // lines, not rings: only stroked
}

// Area is a path with its look. Colours are RRGGBB, "" for none.
type Area struct {
	Path  Path
	Def   int   // 1-based: Defs[Def-1] instead of Path, scaled by Scale/1000 and then moved by At
	At    Point //
	Scale int   // thousandths; 0 stands for 1000

	Fill        string
	Alpha       int  // of the fill, hundredths; 0 stands for 100
	Hatch       bool // diagonal lines over the fill, in HatchColour
	HatchColour string
	Stroke      string
	StrokeWidth int
	Dashed      bool
	Title       string // what it is: shown when pointed at, read aloud
}

// Anchors of words: where in them their place lies.
const (
	Start  = 0
	Middle = 1
	End    = 2
)

// Words is a line of text whose base line is at At.
type Words struct {
	At     Point
	Size   int // of the em
	Anchor int
	Bold   bool
	Colour string
	Halo   bool // a white rim, so that it can be read over areas
	Text   string
}

func (*Area) item()  {}
func (*Words) item() {}
