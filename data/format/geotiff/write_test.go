package geotiff

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"math"
	"slices"
)

// raster is what a test writes as a TIFF.
type raster struct {
	width, height int
	values        []float64
	bits, format  int
	order         binary.ByteOrder
	big           bool
	compression   int
	predictor     int
	blockWidth    int // 0: strips
	blockRows     int
	noData        string
	keys          []uint16 // geographic keys; nil: WGS 84 degrees
	citation      string
	origin, cell  [2]float64
	matrix        bool
	leaveOut      int // block that is left out, from 1; 0: none
}

func grid(width, height int, values ...float64) raster {
	return raster{width: width, height: height, values: values, bits: 32, format: formatFloat, order: binary.LittleEndian,
		compression: compressionNone, predictor: 1, blockRows: height, origin: [2]float64{106, 30}, cell: [2]float64{0.01, 0.01}}
}

// put writes a value as the file holds it.
func (r *raster) put(v float64) []byte {
	b := make([]byte, 8)
	switch {
	case r.format == formatFloat && r.bits == 32:
		r.order.PutUint32(b, math.Float32bits(float32(v)))
	case r.format == formatFloat:
		r.order.PutUint64(b, math.Float64bits(v))
	case r.bits == 8:
		b[0] = byte(int64(v))
	case r.bits == 16:
		r.order.PutUint16(b, uint16(int64(v)))
	case r.bits == 32:
		r.order.PutUint32(b, uint32(int64(v)))
	default:
		r.order.PutUint64(b, uint64(int64(v)))
	}
	return b[:r.bits/8]
}

// differ applies the predictor to a row, straight from its definition.
func (r *raster) differ(row []byte) []byte {
	size := r.bits / 8
	out := slices.Clone(row)
	switch r.predictor {
	case 2:
		for i := len(row) - size; i >= size; i -= size {
			read := func(at int) uint64 {
				b := make([]byte, 8)
				if r.order == binary.LittleEndian {
					copy(b, row[at:at+size])
					return binary.LittleEndian.Uint64(b)
				}
				copy(b[8-size:], row[at:at+size])
				return binary.BigEndian.Uint64(b)
			}
			d := read(i) - read(i-size)
			for k := range size {
				shift := 8 * k
				if r.order == binary.BigEndian {
					shift = 8 * (size - 1 - k)
				}
				out[i+k] = byte(d >> shift)
			}
		}
	case 3:
		n := len(row) / size
		planes := make([]byte, len(row))
		for i := range n {
			for k := range size { // k = 0 is the highest byte
				planes[k*n+i] = row[i*size+size-1-k]
			}
		}
		out[0] = planes[0]
		for i := 1; i < len(planes); i++ {
			out[i] = planes[i] - planes[i-1]
		}
	}
	return out
}

func (r *raster) pack(b []byte) []byte {
	switch r.compression {
	case compressionDeflate, compressionOldZip:
		var out bytes.Buffer
		z := zlib.NewWriter(&out)
		z.Write(b)
		z.Close()
		return out.Bytes()
	case compressionBits:
		return packBits(b)
	case compressionLZW:
		return packLZW(b)
	}
	return b
}

// packBits uses runs where there are any.
func packBits(b []byte) []byte {
	var out []byte
	for i := 0; i < len(b); {
		n := 1
		for i+n < len(b) && b[i+n] == b[i] && n < 128 {
			n++
		}
		if n > 1 {
			out = append(out, byte(1-n), b[i])
			i += n
			continue
		}
		for i+n < len(b) && n < 128 && (i+n+1 >= len(b) || b[i+n] != b[i+n+1]) {
			n++
		}
		out = append(append(out, byte(n-1)), b[i:i+n]...)
		i += n
	}
	return out
}

// packLZW writes TIFF's LZW from the description in TIFF 6.0, section 13, with a table of texts.
func packLZW(b []byte) []byte {
	var out []byte
	var bits uint64
	have, width := 0, 9
	write := func(code int) {
		bits, have = bits<<width|uint64(code), have+width
		for have >= 8 {
			out = append(out, byte(bits>>(have-8)))
			have -= 8
		}
	}
	table := map[string]int{}
	code := func(s string) int {
		if len(s) == 1 {
			return int(s[0])
		}
		return table[s]
	}
	next := firstCode
	write(clearCode)
	text := ""
	for _, c := range b {
		longer := text + string([]byte{c})
		if _, known := table[longer]; known || len(longer) == 1 {
			text = longer
			continue
		}
		write(code(text))
		table[longer] = next
		switch next++; next {
		case 512:
			width = 10
		case 1024:
			width = 11
		case 2048:
			width = 12
		case 4095:
			write(clearCode)
			table, next, width = map[string]int{}, firstCode, 9
		}
		text = string([]byte{c})
	}
	if text != "" {
		write(code(text))
		if next++; next == 512 || next == 1024 || next == 2048 {
			width++
		}
	}
	write(endCode)
	if have > 0 {
		out = append(out, byte(bits<<(8-have)))
	}
	return out
}

// file writes the TIFF: header, blocks, values of tags, directory.
func (r *raster) file() []byte {
	o := r.order
	var blocks [][]byte
	bw, tiled := r.width, r.blockWidth > 0
	if tiled {
		bw = r.blockWidth
	}
	for top := 0; top < r.height; top += r.blockRows {
		for left := 0; left < r.width; left += bw {
			var b []byte
			for y := top; y < top+r.blockRows && (tiled || y < r.height); y++ {
				var row []byte
				for x := left; x < left+bw; x++ {
					v := 0.0
					if x < r.width && y < r.height {
						v = r.values[y*r.width+x]
					}
					row = append(row, r.put(v)...)
				}
				b = append(b, r.differ(row)...)
			}
			blocks = append(blocks, r.pack(b))
		}
	}
	out := make([]byte, 16)
	var offsets, counts []uint64
	for i, b := range blocks {
		if i+1 == r.leaveOut {
			offsets, counts = append(offsets, 0), append(counts, 0)
			continue
		}
		offsets, counts = append(offsets, uint64(len(out))), append(counts, uint64(len(b)))
		out = append(out, b...)
	}
	keys := r.keys
	if keys == nil {
		keys = []uint16{1, 1, 0, 3, keyModel, 0, 1, modelDegrees, keyRasterType, 0, 1, 1, keyGeodetic, 0, 1, 4326}
	}
	type entry struct {
		id, kind uint16
		values   []uint64
		text     string
		reals    []float64
	}
	short := func(id uint16, v ...uint64) entry { return entry{id: id, kind: 3, values: v} }
	var wide []uint64
	for _, k := range keys {
		wide = append(wide, uint64(k))
	}
	entries := []entry{
		{id: tagWidth, kind: 4, values: []uint64{uint64(r.width)}}, {id: tagHeight, kind: 4, values: []uint64{uint64(r.height)}},
		short(tagBits, uint64(r.bits)), short(tagCompression, uint64(r.compression)), short(tagSamples, 1), short(tagPredictor, uint64(r.predictor)),
		short(tagSampleFormat, uint64(r.format)), {id: tagGeoKeys, kind: 3, values: wide},
	}
	if tiled {
		entries = append(entries, short(tagTileWidth, uint64(bw)), short(tagTileHeight, uint64(r.blockRows)),
			entry{id: tagTileOffsets, kind: 4, values: offsets}, entry{id: tagTileBytes, kind: 4, values: counts})
	} else {
		entries = append(entries, short(tagRowsPerStrip, uint64(r.blockRows)),
			entry{id: tagStripOffsets, kind: 4, values: offsets}, entry{id: tagStripBytes, kind: 4, values: counts})
	}
	if r.matrix {
		entries = append(entries, entry{id: tagTransformation, kind: 12, reals: []float64{r.cell[0], 0, 0, r.origin[0], 0, -r.cell[1], 0, r.origin[1], 0, 0, 0, 0, 0, 0, 0, 1}})
	} else {
		entries = append(entries, entry{id: tagPixelScale, kind: 12, reals: []float64{r.cell[0], r.cell[1], 0}},
			entry{id: tagTiepoint, kind: 12, reals: []float64{0, 0, 0, r.origin[0], r.origin[1], 0}})
	}
	if r.noData != "" {
		entries = append(entries, entry{id: tagNoData, kind: 2, text: r.noData + "\x00"})
	}
	if r.citation != "" {
		entries = append(entries, entry{id: tagGeoASCII, kind: 2, text: r.citation + "|\x00"})
	}
	slices.SortFunc(entries, func(a, b entry) int { return int(a.id) - int(b.id) })
	var directory []byte
	add := func(width int, v uint64) {
		b := make([]byte, 8)
		switch width {
		case 2:
			o.PutUint16(b, uint16(v))
		case 4:
			o.PutUint32(b, uint32(v))
		case 8:
			o.PutUint64(b, v)
		}
		directory = append(directory, b[:width]...)
	}
	word := 4
	if r.big {
		word = 8
		add(8, uint64(len(entries)))
	} else {
		add(2, uint64(len(entries)))
	}
	for _, e := range entries {
		var b []byte
		n := len(e.values)
		for _, v := range e.values {
			w := make([]byte, 8)
			if e.kind == 3 {
				o.PutUint16(w, uint16(v))
				b = append(b, w[:2]...)
			} else {
				o.PutUint32(w, uint32(v))
				b = append(b, w[:4]...)
			}
		}
		for _, v := range e.reals {
			w := make([]byte, 8)
			o.PutUint64(w, math.Float64bits(v))
			b, n = append(b, w...), len(e.reals)
		}
		if e.text != "" {
			b, n = []byte(e.text), len(e.text)
		}
		add(2, uint64(e.id))
		add(2, uint64(e.kind))
		add(word, uint64(n))
		if len(b) <= word {
			directory = append(directory, append(b, make([]byte, word-len(b))...)...)
		} else {
			add(word, uint64(len(out)))
			out = append(out, b...)
		}
	}
	add(word, 0)
	if copy(out, "II"); o == binary.BigEndian {
		copy(out, "MM")
	}
	if r.big {
		o.PutUint16(out[2:], 43)
		o.PutUint16(out[4:], 8)
		o.PutUint64(out[8:], uint64(len(out)))
	} else {
		o.PutUint16(out[2:], 42)
		o.PutUint32(out[4:], uint32(len(out)))
	}
	return append(out, directory...)
}
