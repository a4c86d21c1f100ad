package geotiff

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"math"
)

// Window is a part of a raster: columns and rows from Left and Top, up to Right and Bottom, which are not in it.
type Window struct{ Left, Top, Right, Bottom int }

// All is the window of the whole raster.
func (x *Raster) All() Window { return Window{0, 0, x.Width, x.Height} }

// within is the part of a window that the raster has.
func (x *Raster) within(w Window) Window {
	return Window{max(w.Left, 0), max(w.Top, 0), min(w.Right, x.Width), min(w.Bottom, x.Height)}
}

// Rows gives the values of a window row by row from the top; the values belong to Rows and hold until yield returns. Blocks outside
// the window are not read. Blocks that the file leaves out hold no data. Memory: one row of blocks, and the packed block.
func (x *Raster) Rows(w Window, yield func(row int, values []float64) error) error {
	w = x.within(w)
	if w.Left >= w.Right || w.Top >= w.Bottom {
		return nil
	}
	first, last := w.Left/x.blockWidth, (w.Right-1)/x.blockWidth
	band := make([][]byte, last-first+1)
	values := make([]float64, w.Right-w.Left)
	if need := len(band) * x.blockWidth * x.blockRows * (x.bits / 8); need > 2*maxBlock {
		return refused("一行分块过大", "a row of its blocks is too large", "先裁剪到研究范围: gdalwarp -cutline, 或给出范围", "cut it to the study area first, or give the area")
	}
	for top := w.Top / x.blockRows; top*x.blockRows < w.Bottom; top++ {
		for k := range band {
			var err error
			if band[k], err = x.block(top*x.across + first + k); err != nil {
				return err
			}
		}
		for row := max(w.Top, top*x.blockRows); row < min(w.Bottom, (top+1)*x.blockRows); row++ {
			for k, b := range band {
				left := (first + k) * x.blockWidth
				for c := max(w.Left, left); c < min(w.Right, left+x.blockWidth); c++ {
					values[c-w.Left] = math.NaN()
					if b != nil {
						values[c-w.Left] = x.value(b, (row-top*x.blockRows)*x.blockWidth+c-left)
					}
				}
			}
			if err := yield(row, values); err != nil {
				return err
			}
		}
	}
	return nil
}

// block unpacks a strip or tile; nil if the file leaves it out.
func (x *Raster) block(i int) ([]byte, error) {
	at, n := x.offsets[i], x.counts[i]
	if n == 0 {
		return nil, nil
	}
	if at > uint64(x.size) || n > uint64(x.size)-at {
		return nil, damaged(fmt.Sprintf("分块 %d 超出文件", i), fmt.Sprintf("block %d goes beyond the file", i))
	}
	rows := x.blockRows
	if !x.tiled {
		rows = min(rows, x.Height-i*x.blockRows)
	}
	want := x.blockWidth * rows * (x.bits / 8)
	if x.compression == compressionNone {
		n = min(n, uint64(want))
	}
	packed, err := x.bytes(int64(at), int64(n))
	if err != nil {
		return nil, err
	}
	b, err := x.unpack(packed, want)
	if err != nil {
		return nil, damaged(fmt.Sprintf("分块 %d 无法解压 (%s)", i, err), fmt.Sprintf("block %d cannot be unpacked (%s)", i, err))
	}
	x.undo(b)
	return b, nil
}

// unpack gives exactly so many bytes.
func (x *Raster) unpack(packed []byte, want int) ([]byte, error) {
	var b []byte
	switch x.compression {
	case compressionNone:
		b = packed
	case compressionLZW:
		return unpackLZW(packed, want)
	case compressionBits:
		return unpackBits(packed, want)
	default:
		z, err := zlib.NewReader(bytes.NewReader(packed))
		if err != nil {
			return nil, err
		}
		b = make([]byte, 0, min(want, 64*len(packed)+1024))
		buf := bytes.NewBuffer(b)
		if _, err := io.Copy(buf, io.LimitReader(z, int64(want))); err != nil {
			return nil, err
		}
		b = buf.Bytes()
	}
	if len(b) < want {
		return nil, io.ErrUnexpectedEOF
	}
	return b[:want], nil
}

// undo takes the predictor out of a block, row by row.
func (x *Raster) undo(b []byte) {
	size := x.bits / 8
	line := x.blockWidth * size
	switch x.predictor {
	case 2:
		for ; len(b) >= line; b = b[line:] {
			x.sumUp(b[:line], size)
		}
	case 3:
		scratch := make([]byte, line)
		for ; len(b) >= line; b = b[line:] {
			x.join(b[:line], scratch, size)
		}
	}
}

// sumUp turns differences between neighbors into values.
func (x *Raster) sumUp(row []byte, size int) {
	for i := size; i+size <= len(row); i += size {
		switch size {
		case 1:
			row[i] += row[i-1]
		case 2:
			x.order.PutUint16(row[i:], x.order.Uint16(row[i:])+x.order.Uint16(row[i-2:]))
		case 4:
			x.order.PutUint32(row[i:], x.order.Uint32(row[i:])+x.order.Uint32(row[i-4:]))
		case 8:
			x.order.PutUint64(row[i:], x.order.Uint64(row[i:])+x.order.Uint64(row[i-8:]))
		}
	}
}

// join undoes the floating point predictor (TIFF technical note 3): differences between bytes, of which the highest of all values
// come first. Values are little-endian (see layout).
func (x *Raster) join(row, scratch []byte, size int) {
	for i := 1; i < len(row); i++ {
		row[i] += row[i-1]
	}
	n := len(row) / size
	for i := range n {
		for k := range size {
			scratch[i*size+size-1-k] = row[k*n+i]
		}
	}
	copy(row, scratch)
}

// value reads a value of a block. Whole numbers beyond 2⁵³ are rounded.
func (x *Raster) value(b []byte, i int) float64 {
	switch x.bits {
	case 8:
		if x.format == formatSigned {
			return float64(int8(b[i]))
		}
		return float64(b[i])
	case 16:
		v := x.order.Uint16(b[2*i:])
		if x.format == formatSigned {
			return float64(int16(v))
		}
		return float64(v)
	case 32:
		v := x.order.Uint32(b[4*i:])
		switch x.format {
		case formatFloat:
			return float64(math.Float32frombits(v))
		case formatSigned:
			return float64(int32(v))
		}
		return float64(v)
	}
	v := x.order.Uint64(b[8*i:])
	switch x.format {
	case formatFloat:
		return math.Float64frombits(v)
	case formatSigned:
		return float64(int64(v))
	}
	return float64(v)
}
