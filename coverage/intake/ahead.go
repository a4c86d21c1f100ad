package intake

import (
	"errors"
	"sync"

	"lifecircle/coverage/panics"
)

// Rows are read ahead while those before them are made part of the layer: reading and checking take about as long. What is read ahead is
// bounded in rows and in bytes, since a row may be as large as the file.
const (
	aheadRows    = 256
	aheadBytes   = 256 << 10
	aheadBatches = 4
)

// readAhead reads a source in a goroutine of its own. The source is nobody else's until stop has returned.
type readAhead struct {
	batches chan batch
	quit    chan struct{}
	done    chan struct{}
	once    sync.Once
	caught  panics.Catcher
	now     batch // being given out
	at      int
}

// batch is what was read at once; err, if any, came behind its rows.
type batch struct {
	rows []Row
	err  error
}

// errPanicked stands where a.caught has a panic.
var errPanicked = errors.New("the source panicked")

func newReadAhead(src Source) *readAhead {
	a := &readAhead{batches: make(chan batch, aheadBatches), quit: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(a.done)
		for {
			var b batch
			if !a.caught.Try(func() { b = readBatch(src) }) {
				b = batch{err: errPanicked}
			}
			select {
			case a.batches <- b:
			case <-a.quit:
				return
			}
			if b.err != nil {
				return
			}
		}
	}()
	return a
}

func readBatch(src Source) batch {
	b := batch{rows: make([]Row, 0, aheadRows)}
	for size := 0; len(b.rows) < aheadRows && size < aheadBytes; {
		row, err := src.Next()
		if err != nil {
			b.err = err
			break
		}
		size += 16 * verticesOf(row.Feature.Geometry)
		for _, a := range row.Feature.Properties {
			size += len(a.Value.Text)
		}
		b.rows = append(b.rows, row)
	}
	return b
}

// row gives the next row, or the source's error; it panics where the source did.
func (a *readAhead) row() (Row, error) {
	for a.at == len(a.now.rows) {
		if a.now.err != nil {
			a.caught.Repanic()
			return Row{}, a.now.err
		}
		a.now, a.at = <-a.batches, 0
	}
	row := a.now.rows[a.at]
	a.now.rows[a.at] = Row{}
	a.at++
	return row, nil
}

// stop ends the reading, also in its middle, and waits for it.
func (a *readAhead) stop() {
	a.once.Do(func() { close(a.quit) })
	<-a.done
}
