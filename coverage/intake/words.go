package intake

import (
	"slices"
	"strings"
)

// words is a column of texts without a pointer per row: a million of them would keep the garbage collector busy. The zero value is an
// empty column.
type words struct {
	at     []word
	rooms  []string
	room   strings.Builder // rooms[fills] is what it holds so far
	fills  int
	shared map[string]word // what many rows may have
}

// word is where a text lies.
type word struct{ room, from, n uint32 }

const (
	roomSize  = 1 << 20 // what is taken at once; a text of a sixteenth has a room of its own
	maxShared = 1 << 14 // texts that are looked for again
)

func (w *words) len() int { return len(w.at) }

// get gives a row's text.
func (w *words) get(i int32) string {
	x := w.at[i]
	if x.n == 0 {
		return ""
	}
	return w.rooms[x.room][x.from : x.from+x.n]
}

// add appends a copy of a text.
func (w *words) add(s string) { w.at = append(w.at, w.put(s)) }

// addShared does so where rows mostly have the text of another.
func (w *words) addShared(s []byte) {
	x, has := w.shared[string(s)]
	if !has {
		text := string(s)
		x = w.put(text)
		if len(w.shared) < maxShared && len(s) <= 1024 {
			if w.shared == nil {
				w.shared = map[string]word{}
			}
			w.shared[text] = x
		}
	}
	w.at = append(w.at, x)
}

// set puts a text in the place of a row's.
func (w *words) set(i int32, s string) { w.at[i] = w.put(s) }

// put copies a text.
func (w *words) put(s string) word {
	switch {
	case s == "":
		return word{}
	case len(s) > roomSize/16:
		w.rooms = append(w.rooms, strings.Clone(s))
		return word{uint32(len(w.rooms) - 1), 0, uint32(len(s))}
	case w.room.Cap()-w.room.Len() < len(s):
		w.room = strings.Builder{}
		w.room.Grow(roomSize)
		w.fills, w.rooms = len(w.rooms), append(w.rooms, "")
	}
	from := w.room.Len()
	w.room.WriteString(s)
	w.rooms[w.fills] = w.room.String()
	return word{uint32(w.fills), uint32(from), uint32(len(s))}
}

// commonPrefix is how many bytes all texts begin with alike.
func (w *words) commonPrefix() int {
	if len(w.at) == 0 {
		return 0
	}
	first := w.get(0)
	n := len(first)
	for i := range w.at {
		s := w.get(int32(i))
		n = min(n, len(s))
		for s[:n] != first[:n] {
			n--
		}
	}
	return n
}

// take gives the texts of rows, nil for a column that does not exist, and lets the column go. They lie in memory in the order of the rows,
// in which whoever writes a layer reads them; a text that follows itself is there once.
func (w *words) take(rows []int32) []string {
	if w.at == nil {
		return nil
	}
	var in words
	out := make([]string, len(rows))
	var last word
	for k, i := range rows {
		x := w.at[i]
		switch {
		case k > 0 && x == last:
			out[k] = out[k-1]
		case x.n > roomSize/16:
			out[k] = w.get(i)
		default:
			at := in.put(w.get(i))
			if at.n > 0 {
				out[k] = in.rooms[at.room][at.from : at.from+at.n]
			}
		}
		last = x
	}
	*w = words{}
	return out
}

// grow makes room for more rows.
func (w *words) grow(more int) { w.at = slices.Grow(w.at, more) }
