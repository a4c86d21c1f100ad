package intake

import (
	"crypto/sha256"
	"errors"
	"runtime"
	"sync"

	"lifecircle/coverage"
	"lifecircle/geo/geojson"
	"lifecircle/geo/panics"
)

// Rows are read ahead in a goroutine of its own, and what needs nothing but the row itself is done by several, while those before them are made
// part of the layer. What is read ahead is bounded in rows and in bytes, since a row may be as large as the file.
const (
	aheadRows    = 256
	aheadBytes   = 256 << 10
	aheadBatches = 4
)

// prepared is a row with what needs no other row.
type prepared struct {
	Row
	match    *Match   // by the mapping, nil without one
	bent     *Finding // how the geometry was made to fit the role
	unfit    *Finding // or why it cannot
	areaMM2  int64    // of the geometry
	digest   [16]byte // of the canonical feature
	from, to int      // of the canonical properties, in the batch's text
}

// batch is what was read at once; err, if any, came behind its rows.
type batch struct {
	rows  []prepared
	text  []byte
	err   error
	ready chan struct{} // gets one value once they are prepared
}

// readAhead reads a source and has its rows prepared. Neither source nor prepare is used any more once stop has returned.
type readAhead struct {
	batches chan *batch // as they were read
	work    chan *batch
	free    chan *batch
	quit    chan struct{}
	running sync.WaitGroup
	once    sync.Once
	caught  panics.Catcher
	now     *batch // being given out
	at      int
}

// errPanicked stands where a.caught has a panic.
var errPanicked = errors.New("a row could not be read")

func newReadAhead(src Source, prepare func(*prepared, []byte) []byte) *readAhead {
	a := &readAhead{batches: make(chan *batch, aheadBatches), work: make(chan *batch, aheadBatches), free: make(chan *batch, 2*aheadBatches), quit: make(chan struct{})}
	a.running.Add(1)
	go func() {
		defer a.running.Done()
		defer close(a.work)
		for a.read(src) {
		}
	}()
	for range runtime.GOMAXPROCS(0) {
		a.running.Add(1)
		go func() {
			defer a.running.Done()
			for b := range a.work {
				if !a.caught.Try(func() { b.prepare(prepare) }) {
					b.err = errPanicked
				}
				b.ready <- struct{}{}
			}
		}()
	}
	return a
}

// read reads a batch, and tells whether there may be more.
func (a *readAhead) read(src Source) bool {
	var b *batch
	select {
	case b = <-a.free:
	default:
		b = &batch{rows: make([]prepared, 0, aheadRows), ready: make(chan struct{}, 1)}
	}
	if !a.caught.Try(func() { b.read(src) }) {
		b.err = errPanicked
	}
	last := b.err != nil
	for _, to := range []chan *batch{a.batches, a.work} {
		select {
		case to <- b:
		case <-a.quit:
			return false
		}
	}
	return !last
}

func (b *batch) read(src Source) {
	clear(b.rows)
	b.rows, b.text, b.err = b.rows[:0], b.text[:0], nil
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
		b.rows = append(b.rows, prepared{Row: row})
	}
}

func (b *batch) prepare(prepare func(*prepared, []byte) []byte) {
	for i := range b.rows {
		b.text = prepare(&b.rows[i], b.text)
	}
}

// next gives the next row, with its canonical properties, until the one behind it is asked for; or the source's error. It panics where the
// source or prepare did.
func (a *readAhead) next() (*prepared, []byte, error) {
	for a.now == nil || a.at == len(a.now.rows) {
		if b := a.now; b != nil {
			if b.err != nil {
				a.caught.Repanic()
				return nil, nil, b.err
			}
			if cap(b.text) <= 4*aheadBytes { // else of a large row
				select {
				case a.free <- b:
				default:
				}
			}
		}
		a.now, a.at = <-a.batches, 0
		<-a.now.ready
		if a.now.err == errPanicked {
			a.caught.Repanic()
		}
	}
	p := &a.now.rows[a.at]
	a.at++
	return p, a.now.text[p.from:p.to], nil
}

// stop ends the reading, also in its middle, and waits for it.
func (a *readAhead) stop() {
	a.once.Do(func() { close(a.quit) })
	a.running.Wait()
}

// preparing gives what is done to every row by itself. It writes the row's canonical form behind text.
func (b *builder) preparing(unchecked bool) func(p *prepared, text []byte) []byte {
	return func(p *prepared, text []byte) []byte {
		if b.o.Role == coverage.RoleAttributes {
			p.Feature.Geometry = nil
		} else {
			b.moveBroken(&p.Row)
			b.toWGS84(&p.Row, unchecked)
			b.mend(&p.Row)
		}
		if b.o.Mapping != nil && (p.Refused == nil || len(p.Feature.Properties) > 0) {
			m := b.o.Mapping.Apply(p.Feature.Properties, p.Feature.Geometry)
			if p.match = &m; len(m.Services) == 0 {
				return text
			}
		}
		if p.Refused != nil {
			return text
		}
		if b.o.Role != coverage.RoleAttributes {
			if p.Feature.Geometry, p.bent, p.unfit = fit(b.o.Role, p.Feature.Geometry); p.unfit != nil {
				return text
			}
		}
		p.areaMM2 = areaMM2(p.Feature.Geometry)
		from := len(text)
		if p.Feature.Geometry == nil {
			p.from = from
			text = p.Feature.Properties.AppendJSON(text)
			p.to = len(text)
		} else {
			text, p.from = geojson.AppendCanonical(text, p.Feature)
			p.to = len(text) - 1
		}
		sum := sha256.Sum256(text[from:])
		copy(p.digest[:], sum[:])
		return text
	}
}
