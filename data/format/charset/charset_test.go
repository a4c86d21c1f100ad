package charset_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"pgregory.net/rapid"

	"lifecircle/coverage"
	"lifecircle/data/format/charset"
)

func encode(t testing.TB, e encoding.Encoding, s string) []byte {
	t.Helper()
	b, err := e.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestLookup(t *testing.T) {
	for label, want := range map[string]string{
		"utf-8": "UTF-8", "UTF8": "UTF-8", "65001": "UTF-8", "gbk": "GB18030", "GB2312": "GB18030", "CP936": "GB18030", "ANSI 936": "GB18030",
		"936": "GB18030", "OEM 936": "GB18030", "windows-936": "GB18030", "Big5": "big5", "cp950": "big5", "ISO-8859-1": "windows-1252", "88591": "windows-1252",
		"8859_1": "", "1252": "windows-1252", "ANSI 1252": "windows-1252", "UTF-16": "UTF-16LE", "437": "", "klingon": "", "": "", "replacement": "",
	} {
		if c, ok := charset.Lookup(label); c.String() != want || ok != (want != "") {
			t.Errorf("%q is %q, want %q", label, c, want)
		}
	}
}

// Names of places in each encoding: GB18030 must be found, and whatever else must never be taken for it.
func TestDetect(t *testing.T) {
	for _, c := range []struct {
		name string
		text []byte
		want string // "" is refused
	}{
		{"ASCII", []byte("clinic,1,2"), "UTF-8 ascii"},
		{"UTF-8", []byte("上清寺"), "UTF-8 content"},
		{"UTF-8, one character", []byte("é"), "UTF-8 content"},
		{"GBK, one word", encode(t, simplifiedchinese.GBK, "重庆"), "GB18030 content"},
		{"GBK, rare signs", encode(t, simplifiedchinese.GBK, "綦江区古剑山, 垫江县鹤游镇"), "GB18030 content"},
		{"GBK, full-width", encode(t, simplifiedchinese.GBK, "名称，地址：（第１号）"), "GB18030 content"},
		{"GB18030, four bytes", encode(t, simplifiedchinese.GB18030, "重庆市渝中区㑇村卫生站, 䶮溪村, 三岔口"), "GB18030 content"},
		{"Big5", encode(t, traditionalchinese.Big5, "臺北市中正區衛生所, 公園與幼兒園一覽表"), ""},
		{"EUC-KR", encode(t, korean.EUCKR, "서울특별시 중구 보건소, 어린이 공원 목록"), ""},
		{"EUC-JP", encode(t, japanese.EUCJP, "ひらがなとカタカナの保育園のリストです"), ""},
		{"Shift JIS", encode(t, japanese.ShiftJIS, "東京都の保育園と公園のリストです"), ""},
		{"Latin 1", encode(t, charmap.Windows1252, "Café del Mar, Calle Muñoz, Peñón, Ávila, Núñez"), ""},
		{"Cyrillic", encode(t, charmap.Windows1251, "Москва, поликлиника номер один"), ""},
		{"noise", []byte{0xff, 0xfe, 0x80, 0x00, 0xc0}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			found, err := charset.Detect(c.text, true)
			got := strings.TrimSpace(found.Charset.String() + " " + found.By)
			if got != c.want {
				t.Errorf("%q, want %q (%v)", got, c.want, err)
			}
			if c.want == "" && (coverage.CodeOf(err) != coverage.Refused || !strings.Contains(err.Error(), "--encoding")) {
				t.Errorf("%v", err)
			}
		})
	}
}

// Every name of a street or community in Chongqing is found in GBK by itself or, where a name is too short to tell, refused; none is taken for
// something else. All names together are found.
func TestDetectRealNames(t *testing.T) {
	for _, file := range []string{"villages_chongqing.csv", "streets_chongqing.csv", "areas_chongqing.csv"} {
		text := string(shared(t, file))
		whole := encode(t, simplifiedchinese.GBK, text)
		if found, err := charset.Detect(whole, true); err != nil || found.Charset.String() != "GB18030" {
			t.Errorf("%s: %v %v", file, found, err)
		}
		lines, wrong, refused := 0, 0, 0
		for line := range strings.Lines(text) {
			b := encode(t, simplifiedchinese.GBK, line)
			if utf8.Valid(b) {
				continue
			}
			lines++
			found, err := charset.Detect(b, true)
			switch {
			case err != nil:
				refused++
			case found.Charset.String() != "GB18030":
				wrong++
			}
		}
		if wrong > 0 || refused*200 > lines {
			t.Errorf("%s: of %d lines alone %d wrong, %d refused", file, lines, wrong, refused)
		}
	}
}

func shared(t *testing.T, name string) []byte {
	t.Helper()
	for _, up := range []string{"../../../shared/data", "../../../../shared/data"} {
		if b, err := os.ReadFile(filepath.Join(up, "chongqing_admin", name)); err == nil {
			return b
		}
	}
	t.Skipf("shared/data/chongqing_admin/%s is not there: the real data lies outside the repository", name)
	return nil
}

func utf16Text(s string, order binary.ByteOrder) []byte {
	b := make([]byte, 2)
	order.PutUint16(b, 0xfeff)
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, 0, 0)
		order.PutUint16(b[len(b)-2:], u)
	}
	return b
}

func TestReader(t *testing.T) {
	text := "name,n\n重庆市綦江区卫生站,1\n"
	long := strings.Repeat("plain ASCII line\n", 20_000) + text
	for _, c := range []struct {
		name, option string
		raw          []byte
		text         string
		found        string
	}{
		{"UTF-8", "", []byte(text), text, "UTF-8 content"},
		{"BOM", "", []byte("\ufeff" + text), text, "UTF-8 bom"},
		{"UTF-16 little", "", utf16Text(text, binary.LittleEndian), text, "UTF-16LE bom"},
		{"UTF-16 big", "", utf16Text(text, binary.BigEndian), text, "UTF-16BE bom"},
		{"GBK", "", encode(t, simplifiedchinese.GBK, text), text, "GB18030 content"},
		{"GBK behind much ASCII", "", encode(t, simplifiedchinese.GBK, long), long, "GB18030 content"},
		{"UTF-8 behind much ASCII", "", []byte(long), long, "UTF-8 content"},
		{"Big5, stated", "big5", encode(t, traditionalchinese.Big5, "臺北\n"), "臺北\n", "big5 option"},
		{"ASCII", "", []byte("a,b\n"), "a,b\n", "UTF-8 ascii"},
		{"nothing", "", nil, "", "UTF-8 ascii"},
		{"a BOM in spite of an option", "windows-1252", []byte("\ufeff重庆"), "重庆", "UTF-8 bom"},
	} {
		t.Run(c.name, func(t *testing.T) {
			option, err := charset.Option(c.option)
			if err != nil {
				t.Fatal(err)
			}
			for _, src := range []io.Reader{bytes.NewReader(c.raw), iotest.OneByteReader(bytes.NewReader(c.raw)), iotest.DataErrReader(bytes.NewReader(c.raw))} {
				r := charset.NewReader(src, option)
				got, err := io.ReadAll(r)
				if err != nil || string(got) != c.text {
					t.Fatalf("%v: %.60q", err, got)
				}
				if f := r.Found(); f.Charset.String()+" "+f.By != c.found {
					t.Errorf("%v, want %s", f, c.found)
				}
			}
		})
	}
}

// A byte that is not in the encoding stops the reading, and its line is named; what came before is good.
func TestReaderStops(t *testing.T) {
	good := strings.Repeat("解放碑街道\n", 200_000) // beyond what is looked at
	gbk := encode(t, simplifiedchinese.GBK, good)
	for _, c := range []struct {
		name string
		raw  []byte
		want string
	}{
		{"UTF-8 with GBK behind", append([]byte(good), encode(t, simplifiedchinese.GBK, "重庆\n")...), "line 200001 is not text in UTF-8"},
		{"GBK with UTF-8 behind", append(bytes.Clone(gbk), "\n\xff\xff\n"...), "line 200002 is not text in GB18030"},
		{"cut inside a character", []byte("重庆")[:5], "cannot be told"},
		{"cut inside a character, later", append([]byte(good), 0xe9), "line 200001 is not text in UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := io.ReadAll(charset.NewReader(bytes.NewReader(c.raw), charset.Charset{}))
			if err == nil || !strings.Contains(err.Error(), c.want) || coverage.CodeOf(err) != coverage.Refused {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
	broken := io.MultiReader(strings.NewReader("重"), iotest.ErrReader(io.ErrClosedPipe))
	if _, err := io.ReadAll(charset.NewReader(broken, charset.UTF8)); err != io.ErrClosedPipe {
		t.Errorf("%v: the error of the source is lost", err)
	}
}

// However a text is cut into reads, it is the same text, in GB18030 and UTF-8 alike.
func TestReaderRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.OneOf(rapid.RuneFrom([]rune("渝中区綦江㑇a,\n，")), rapid.Rune())).Draw(t, "text")
		text = strings.ReplaceAll(strings.ReplaceAll(text, "\uFFFD", ""), "\ufeff", "")
		option, raw := charset.UTF8, []byte(text)
		if rapid.Bool().Draw(t, "gb") {
			option = charset.GB18030
			raw, _ = simplifiedchinese.GB18030.NewEncoder().Bytes(raw)
			if back, _ := simplifiedchinese.GB18030.NewDecoder().Bytes(raw); string(back) != text {
				t.Skip("the codec itself does not hold this text")
			}
			if bytes.HasPrefix(raw, []byte("\xff\xfe")) || bytes.HasPrefix(raw, []byte("\xfe\xff")) {
				t.Skip("the text begins like a byte order mark")
			}
		}
		got, err := io.ReadAll(charset.NewReader(iotest.HalfReader(bytes.NewReader(raw)), option))
		if err != nil || string(got) != text {
			t.Fatalf("%v: %q", err, got)
		}
	})
}

func TestDecodeCut(t *testing.T) {
	gbk := encode(t, simplifiedchinese.GBK, "重庆市")
	for _, c := range []struct {
		in   []byte
		of   charset.Charset
		text string
		cut  bool
		ok   bool
	}{
		{[]byte("重庆市"), charset.UTF8, "重庆市", false, true},
		{[]byte("重庆市")[:8], charset.UTF8, "重庆", true, true},
		{[]byte("重庆市")[:7], charset.UTF8, "重庆", true, true},
		{gbk, charset.GB18030, "重庆市", false, true},
		{gbk[:5], charset.GB18030, "重庆", true, true},
		{append(bytes.Clone(gbk[:4]), 0xff, 'a'), charset.GB18030, "", false, false},
		{[]byte{0x80}, charset.UTF8, "", false, false},
		{nil, charset.UTF8, "", false, true},
	} {
		text, cut, ok := c.of.DecodeCut(c.in)
		if text != c.text || cut != c.cut || ok != c.ok {
			t.Errorf("%x in %s: %q %v %v", c.in, c.of, text, cut, ok)
		}
	}
}

// FuzzReader: whatever the bytes, what comes out is UTF-8, and the same however they are cut; an error is the file's.
func FuzzReader(f *testing.F) {
	f.Add([]byte("\xd6\xd8\xc7\xec\n"), "")
	f.Add([]byte("\xff\xfea\x00"), "")
	f.Add([]byte("caf\xe9"), "latin1")
	f.Fuzz(func(t *testing.T, raw []byte, label string) {
		option, ok := charset.Lookup(label)
		if !ok {
			option = charset.Charset{}
		}
		got, err := io.ReadAll(charset.NewReader(bytes.NewReader(raw), option))
		if !utf8.Valid(got) {
			t.Fatalf("%q is no UTF-8", got)
		}
		if err != nil && coverage.CodeOf(err) != coverage.Refused {
			t.Fatal(err)
		}
		again, errAgain := io.ReadAll(charset.NewReader(iotest.OneByteReader(bytes.NewReader(raw)), option))
		if (err == nil) != (errAgain == nil) || err == nil && string(got) != string(again) {
			t.Fatalf("%v, %v: %q, %q", err, errAgain, got, again)
		}
	})
}
