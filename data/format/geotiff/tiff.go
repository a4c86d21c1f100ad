package geotiff

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"lifecircle/coverage"
)

// Bounds of a file.
const (
	maxSide    = 1 << 21   // cells along one side
	maxBlocks  = 1 << 22   // strips or tiles
	maxBlock   = 128 << 20 // bytes that one strip or tile unpacks to
	maxEntries = 4_096     // tags of the image
	maxText    = 64 << 10  // bytes of a text tag
	maxNumbers = 4_096     // numbers of a tag other than those of blocks
)

// Tags of TIFF 6.0, its technical notes, and GeoTIFF.
const (
	tagWidth           = 256
	tagHeight          = 257
	tagBits            = 258
	tagCompression     = 259
	tagStripOffsets    = 273
	tagSamples         = 277
	tagRowsPerStrip    = 278
	tagStripBytes      = 279
	tagPredictor       = 317
	tagTileWidth       = 322
	tagTileHeight      = 323
	tagTileOffsets     = 324
	tagTileBytes       = 325
	tagSampleFormat    = 339
	tagPixelScale      = 33550
	tagTiepoint        = 33922
	tagTransformation  = 34264
	tagGeoKeys         = 34735
	tagGeoDoubles      = 34736
	tagGeoASCII        = 34737
	tagNoData          = 42113 // of GDAL
	formatUnsigned     = 1
	formatSigned       = 2
	formatFloat        = 3
	compressionNone    = 1
	compressionLZW     = 5
	compressionDeflate = 8
	compressionOldZip  = 32946
	compressionBits    = 32773
)

// Raster is the first image of a file. It is not for concurrent use.
type Raster struct {
	Width, Height int
	CRS           string     // EPSG:4326 …
	Scale         [2]float64 // width and height of a cell in units of the CRS, both positive
	Origin        [2]float64 // outer corner of cell (0, 0): its left side and its upper side
	NoData        *float64   // the value that means none, nil if the file names none
	PointCells    bool       // the file says that values belong to points; cells are the rectangles around them

	r     io.ReaderAt
	size  int64
	order binary.ByteOrder
	big   bool

	bits, format           int
	compression, predictor int
	blockWidth, blockRows  int // of a strip (its width is the image's) or tile
	across                 int // blocks in a row of blocks
	offsets, counts        []uint64
	tiled                  bool
}

// tag is an entry of the image's directory.
type tag struct {
	kind  uint16
	count uint64
	value []byte // the four or eight bytes that hold the value or where it is
}

// Sniff reports whether a file begins like a TIFF.
func Sniff(head []byte) bool {
	if len(head) < 4 {
		return false
	}
	switch string(head[:4]) {
	case "II*\x00", "MM\x00*", "II+\x00", "MM\x00+":
		return true
	}
	return false
}

// Open reads what a file of that many bytes says of its first image. r must stay open while values are read. Errors that the
// file is to blame for are of code coverage.Refused.
func Open(r io.ReaderAt, size int64) (*Raster, error) {
	x := &Raster{r: r, size: size}
	at, err := x.header()
	if err != nil {
		return nil, err
	}
	tags, err := x.directory(at)
	if err != nil {
		return nil, err
	}
	for _, read := range []func(map[uint16]tag) error{x.layout, x.blocks, x.place, x.noData} {
		if err := read(tags); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// header gives the place of the first directory.
func (x *Raster) header() (uint64, error) {
	head, err := x.bytes(0, min(16, x.size))
	if err != nil {
		return 0, err
	}
	if !Sniff(head) || len(head) < 8 {
		return 0, refused("不是 TIFF 文件", "this is no TIFF file", "", "")
	}
	x.order = binary.LittleEndian
	if head[0] == 'M' {
		x.order = binary.BigEndian
	}
	if x.order.Uint16(head[2:]) == 42 {
		return uint64(x.order.Uint32(head[4:])), nil
	}
	if x.big = true; len(head) < 16 || x.order.Uint16(head[4:]) != 8 || x.order.Uint16(head[6:]) != 0 {
		return 0, damaged("BigTIFF 文件头", "the header of BigTIFF")
	}
	return x.order.Uint64(head[8:]), nil
}

// bytes reads a part of the file that lies within it.
func (x *Raster) bytes(at, n int64) ([]byte, error) {
	if at < 0 || n < 0 || at > x.size || n > x.size-at {
		return nil, damaged(fmt.Sprintf("第 %d 字节起的内容超出文件", at), fmt.Sprintf("what begins at byte %d goes beyond the file", at))
	}
	b := make([]byte, n)
	if got, err := x.r.ReadAt(b, at); int64(got) < n {
		return nil, fmt.Errorf("reading the raster: %w", err)
	}
	return b, nil
}

// directory reads the entries of the image file directory.
func (x *Raster) directory(at uint64) (map[uint16]tag, error) {
	wide, entry, width := int64(2), int64(12), 4
	if x.big {
		wide, entry, width = 8, 20, 8
	}
	if at > math.MaxInt64 {
		return nil, damaged("目录位置", "the place of the directory")
	}
	head, err := x.bytes(int64(at), wide)
	if err != nil {
		return nil, err
	}
	n := uint64(0)
	if x.big {
		n = x.order.Uint64(head)
	} else {
		n = uint64(x.order.Uint16(head))
	}
	if n == 0 || n > maxEntries {
		return nil, damaged(fmt.Sprintf("目录有 %d 项", n), fmt.Sprintf("the directory has %d entries", n))
	}
	b, err := x.bytes(int64(at)+wide, int64(n)*entry)
	if err != nil {
		return nil, err
	}
	tags := make(map[uint16]tag, n)
	for ; len(b) > 0; b = b[entry:] {
		t := tag{kind: x.order.Uint16(b[2:]), value: b[entry-int64(width) : entry]}
		if x.big {
			t.count = x.order.Uint64(b[4:])
		} else {
			t.count = uint64(x.order.Uint32(b[4:]))
		}
		id := x.order.Uint16(b)
		if _, twice := tags[id]; !twice {
			tags[id] = t
		}
	}
	return tags, nil
}

// sizes are the bytes of one value by its type: byte, text, 16 bits, 32 bits, fraction, … (TIFF 6.0 section 2, BigTIFF).
var sizes = map[uint16]uint64{1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}

// content gives the bytes of a tag's values, at most so many values; nil if the tag is left out.
func (x *Raster) content(tags map[uint16]tag, id uint16, most uint64) ([]byte, tag, error) {
	t, ok := tags[id]
	if !ok {
		return nil, t, nil
	}
	size := sizes[t.kind]
	if size == 0 || t.count == 0 || t.count > most {
		return nil, t, damaged(fmt.Sprintf("标签 %d", id), fmt.Sprintf("tag %d", id))
	}
	if n := t.count * size; n <= uint64(len(t.value)) {
		return t.value[:n], t, nil
	}
	at := uint64(0)
	if x.big {
		at = x.order.Uint64(t.value)
	} else {
		at = uint64(x.order.Uint32(t.value))
	}
	if at > uint64(x.size) {
		return nil, t, damaged(fmt.Sprintf("标签 %d", id), fmt.Sprintf("tag %d", id))
	}
	b, err := x.bytes(int64(at), int64(t.count*size))
	return b, t, err
}

// numbers gives a tag's whole numbers; nil if the tag is left out.
func (x *Raster) numbers(tags map[uint16]tag, id uint16, most uint64) ([]uint64, error) {
	b, t, err := x.content(tags, id, most)
	if b == nil || err != nil {
		return nil, err
	}
	out := make([]uint64, t.count)
	for i := range out {
		switch t.kind {
		case 1, 7:
			out[i] = uint64(b[i])
		case 3:
			out[i] = uint64(x.order.Uint16(b[2*i:]))
		case 4, 13:
			out[i] = uint64(x.order.Uint32(b[4*i:]))
		case 16, 18:
			out[i] = x.order.Uint64(b[8*i:])
		default:
			return nil, damaged(fmt.Sprintf("标签 %d 的类型", id), fmt.Sprintf("the type of tag %d", id))
		}
	}
	return out, nil
}

// number gives a tag's one whole number, or what holds if the tag is left out. Several equal ones count as one.
func (x *Raster) number(tags map[uint16]tag, id uint16, otherwise uint64) (uint64, error) {
	all, err := x.numbers(tags, id, maxNumbers)
	if err != nil || all == nil {
		return otherwise, err
	}
	for _, n := range all {
		if n != all[0] {
			return 0, refused("各波段的格式不同", "the bands differ in form", "只留一个波段: gdal_translate -b 1", "keep one band: gdal_translate -b 1")
		}
	}
	return all[0], nil
}

// reals gives a tag's numbers of floating point; nil if the tag is left out.
func (x *Raster) reals(tags map[uint16]tag, id uint16) ([]float64, error) {
	b, t, err := x.content(tags, id, maxNumbers)
	if b == nil || err != nil {
		return nil, err
	}
	if t.kind != 12 {
		return nil, damaged(fmt.Sprintf("标签 %d 的类型", id), fmt.Sprintf("the type of tag %d", id))
	}
	out := make([]float64, t.count)
	for i := range out {
		out[i] = math.Float64frombits(x.order.Uint64(b[8*i:]))
	}
	return out, nil
}

// layout reads the sizes of the image and the form of its values.
func (x *Raster) layout(tags map[uint16]tag) error {
	var n [7]uint64
	for i, field := range []struct {
		id        uint16
		otherwise uint64
	}{{tagWidth, 0}, {tagHeight, 0}, {tagBits, 1}, {tagSampleFormat, formatUnsigned}, {tagCompression, compressionNone}, {tagPredictor, 1}, {tagSamples, 1}} {
		var err error
		if n[i], err = x.number(tags, field.id, field.otherwise); err != nil {
			return err
		}
	}
	if n[0] == 0 || n[1] == 0 || n[0] > maxSide || n[1] > maxSide {
		return damaged(fmt.Sprintf("大小为 %d × %d", n[0], n[1]), fmt.Sprintf("its size is %d × %d", n[0], n[1]))
	}
	if n[6] != 1 {
		return refused(fmt.Sprintf("有 %d 个波段", n[6]), fmt.Sprintf("there are %d bands", n[6]), "只留一个波段: gdal_translate -b 1", "keep one band: gdal_translate -b 1")
	}
	x.Width, x.Height = int(n[0]), int(n[1])
	whole := n[2] == 8 || n[2] == 16 || n[2] == 32 || n[2] == 64
	float := n[3] == formatFloat && (n[2] == 32 || n[2] == 64)
	if !float && !(whole && (n[3] == formatUnsigned || n[3] == formatSigned)) {
		return refused(fmt.Sprintf("不支持 %d 位、格式 %d 的值", n[2], n[3]), fmt.Sprintf("values of %d bits and format %d are not read", n[2], n[3]),
			"转换: gdal_translate -ot Float32", "convert it: gdal_translate -ot Float32")
	}
	x.bits, x.format = int(n[2]), int(n[3])
	switch n[4] {
	case compressionNone, compressionLZW, compressionDeflate, compressionOldZip, compressionBits:
	default:
		return refused(fmt.Sprintf("不支持压缩方式 %d", n[4]), fmt.Sprintf("compression %d is not read", n[4]),
			"转换: gdal_translate -co COMPRESS=DEFLATE", "convert it: gdal_translate -co COMPRESS=DEFLATE")
	}
	if n[5] != 1 && n[5] != 2 && !(n[5] == 3 && float) { // WorldPop takes 2 for floating point too: differences of its bits as whole numbers
		return refused(fmt.Sprintf("不支持预测方式 %d", n[5]), fmt.Sprintf("predictor %d is not read", n[5]),
			"转换: gdal_translate -co COMPRESS=DEFLATE", "convert it: gdal_translate -co COMPRESS=DEFLATE")
	}
	if n[5] == 3 && x.order == binary.BigEndian { // technical note 3 and what libtiff writes and reads differ
		return refused("高位在前 (big-endian) 且用预测方式 3 的文件写法不一, 不读", "files with predictor 3 and big-endian byte order are written in two ways and not read",
			"转换: gdal_translate -co ENDIANNESS=LITTLE", "convert it: gdal_translate -co ENDIANNESS=LITTLE")
	}
	x.compression, x.predictor = int(n[4]), int(n[5])
	return nil
}

// blocks reads where the strips or tiles are.
func (x *Raster) blocks(tags map[uint16]tag) error {
	_, x.tiled = tags[tagTileOffsets]
	width, rows, at, long := uint64(x.Width), uint64(x.Height), uint16(tagStripOffsets), uint16(tagStripBytes)
	var err error
	if x.tiled {
		at, long = tagTileOffsets, tagTileBytes
		if width, err = x.number(tags, tagTileWidth, 0); err == nil {
			rows, err = x.number(tags, tagTileHeight, 0)
		}
	} else {
		rows, err = x.number(tags, tagRowsPerStrip, rows)
		rows = min(rows, uint64(x.Height))
	}
	if err != nil {
		return err
	}
	if width == 0 || rows == 0 || width > maxBlock || rows > maxBlock || width*rows > maxBlock/uint64(x.bits/8) {
		return refused(fmt.Sprintf("分块为 %d × %d, 过大或为零", width, rows), fmt.Sprintf("its blocks of %d × %d cells are too large, or empty", width, rows),
			"转换: gdal_translate -co TILED=YES", "convert it: gdal_translate -co TILED=YES")
	}
	x.blockWidth, x.blockRows = int(width), int(rows)
	x.across = (x.Width + x.blockWidth - 1) / x.blockWidth
	n := uint64(x.across) * uint64((x.Height+x.blockRows-1)/x.blockRows)
	if n > maxBlocks {
		return refused(fmt.Sprintf("有 %d 个分块, 过多", n), fmt.Sprintf("its %d blocks are too many", n), "先裁剪到研究范围: gdalwarp -cutline", "cut it to the study area first: gdalwarp -cutline")
	}
	if x.offsets, err = x.numbers(tags, at, n); err != nil {
		return err
	}
	if x.counts, err = x.numbers(tags, long, n); err != nil {
		return err
	}
	if x.counts == nil && len(x.offsets) == 1 && x.compression == compressionNone { // old writers leave it out
		x.counts = []uint64{uint64(x.Width) * uint64(x.Height) * uint64(x.bits/8)}
	}
	if uint64(len(x.offsets)) != n || uint64(len(x.counts)) != n {
		return damaged(fmt.Sprintf("分块数不是 %d", n), fmt.Sprintf("it does not have %d blocks", n))
	}
	return nil
}

func refused(zh, en, hintZh, hintEn string) error {
	e := coverage.Errorf(coverage.Refused, "%s", "%s", en)
	e.Text.Zh = zh
	e.Hint = coverage.Text{Zh: hintZh, En: hintEn}
	return e
}

func damaged(zh, en string) error {
	return refused("栅格已损坏: "+zh, "the raster is damaged: "+en, "请重新下载或重新导出", "download or export it again")
}
