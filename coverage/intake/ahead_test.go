package intake

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"lifecircle/geo/geojson"
)

// counted gives n rows of some size, and then an error.
type counted struct {
	n, size, given int
	err            error
}

func (c *counted) Next() (Row, error) {
	if c.given == c.n {
		return Row{}, c.err
	}
	c.given++
	row := Row{N: c.given}
	row.Feature.Properties = geojson.Properties{{Key: "note", Value: geojson.Value{Kind: geojson.String, Text: strings.Repeat("x", c.size)}}}
	return row, nil
}

func (c *counted) Info() SourceInfo { return SourceInfo{} }

// noted prepares a row by writing its number.
func noted(p *prepared, text []byte) []byte {
	p.from = len(text)
	text = fmt.Append(text, "row ", p.N)
	p.to = len(text)
	return text
}

// A row read twice, lost or moved would be a facility too many, or one that is not there.
func TestReadAheadGivesEveryRowOnce(t *testing.T) {
	broken := errors.New("broken")
	for _, n := range []int{0, 1, aheadRows - 1, aheadRows, aheadRows + 1, 5000} {
		for _, end := range []error{io.EOF, broken} {
			a := newReadAhead(&counted{n: n, err: end}, noted)
			for i := range n {
				if row, text, err := a.next(); err != nil || row.N != i+1 || string(text) != fmt.Sprint("row ", i+1) {
					t.Fatalf("row %d of %d is %v with %q, %v", i+1, n, row, text, err)
				}
			}
			for range 2 { // also when asked again
				if _, _, err := a.next(); err != end {
					t.Errorf("behind %d rows comes %v, not %v", n, err, end)
				}
			}
			a.stop()
		}
	}
}

// Rows as large as a file must not be gathered: what is read ahead is bounded in bytes, and an import that is given up stops reading.
func TestReadAheadIsBounded(t *testing.T) {
	src := &counted{n: 1 << 20, size: aheadBytes, err: io.EOF}
	a := newReadAhead(src, noted)
	if _, _, err := a.next(); err != nil {
		t.Fatal(err)
	}
	a.stop()
	a.stop()                                              // twice is harmless
	if most := 1 + aheadBatches + 1; src.given > most+1 { // being given out, waiting, being read
		t.Errorf("%d large rows were read ahead", src.given)
	}
}

// exploding panics where its rows end.
type exploding struct{ counted }

func (e *exploding) Next() (Row, error) {
	if e.given == e.n {
		panic("a fault of the reader")
	}
	return e.counted.Next()
}

// A fault of a reader must come up in the import that waits for it, where a server turns it into the failure of one upload; in a goroutine
// of its own it would end the server.
func TestReadAheadPanicsWhereItIsAsked(t *testing.T) {
	for _, n := range []int{0, 1, aheadRows + 1} {
		a := newReadAhead(&exploding{counted{n: n}}, noted)
		func() {
			defer func() {
				if v := fmt.Sprintf("%+v", recover()); !strings.Contains(v, "a fault of the reader") || !strings.Contains(v, "exploding).Next") {
					t.Errorf("behind %d rows it comes as %s", n, v)
				}
			}()
			for i := range n + 1 {
				if row, _, err := a.next(); err != nil || row.N != i+1 {
					t.Errorf("row %d of %d: %v, %v", i+1, n, row, err)
				}
			}
		}()
		a.stop()
	}
}

// So must a fault of what is done to a row.
func TestPreparingPanicsWhereItIsAsked(t *testing.T) {
	a := newReadAhead(&counted{n: 5000, err: io.EOF}, func(p *prepared, text []byte) []byte {
		if p.N == 3000 {
			panic("a fault of the geometry")
		}
		return noted(p, text)
	})
	defer a.stop()
	given := 0
	defer func() {
		if v := fmt.Sprint(recover()); v != "a fault of the geometry" || given >= 3000 || given < 3000-aheadRows {
			t.Errorf("after %d rows it comes as %s", given, v)
		}
	}()
	for ; given < 5000; given++ {
		if _, _, err := a.next(); err != nil {
			t.Fatal(err)
		}
	}
}
