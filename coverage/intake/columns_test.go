package intake

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

// Rows stand in the order of their ids' bytes, whatever these begin with: else the same file would have another hash.
func TestByIDIsTheOrderOfBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prefix := rapid.StringMatching(`[ab\x00]{0,10}`).Draw(t, "prefix")
		tails := rapid.SliceOfN(rapid.StringMatching(`[ab\x00]{0,12}`), 0, 40).Draw(t, "tails")
		var c columns
		for i, s := range tails {
			c.ids = append(c.ids, prefix+s)
			c.digests = append(c.digests, [16]byte{byte(i * 7 % 3)})
		}
		got := c.byID()
		if len(got) != len(tails) {
			t.Fatalf("%d rows of %d", len(got), len(tails))
		}
		if !slices.IsSortedFunc(got, func(a, b int32) int {
			if o := strings.Compare(c.ids[a], c.ids[b]); o != 0 {
				return o
			}
			if o := bytes.Compare(c.digests[a][:], c.digests[b][:]); o != 0 {
				return o
			}
			return int(a - b)
		}) {
			t.Errorf("%q are ordered %v", c.ids, got)
		}
	})
}

// Texts that share memory must stay what they were when more come behind them.
func TestTextsStay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c columns
		var want, got []string
		for range rapid.IntRange(1, 60).Draw(t, "n") {
			s := rapid.StringMatching(`[a-c和平]{0,5}`).Draw(t, "text")
			s = strings.Repeat(s, rapid.SampledFrom([]int{1, 3, 5000, 9000}).Draw(t, "times"))
			buffer := []byte(s)
			text := c.text(buffer)
			clear(buffer) // the buffer is the caller's
			want, got = append(want, s), append(got, text)
			name := rapid.SampledFrom([]string{"", "a", "和平", "药房"}).Draw(t, "name")
			want, got = append(want, name), append(got, c.within(text, name))
		}
		if !slices.Equal(want, got) {
			t.Error("a text changed")
		}
	})
}

// The quick ways of plainName give what its definition says: NFKC, small letters, character by character.
func TestPlainNameByItsDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.String(), rapid.StringMatching(`[和平药房a-zA-Z0-9（）()\-~ ·]{0,12}`), rapid.SampledFrom(noNames)).Draw(t, "name")
		var b strings.Builder
		says := false
		for _, r := range strings.ToLower(norm.NFKC.String(name)) {
			if p := plainRuneOf(r); p.r >= 0 {
				b.WriteRune(p.r)
				says = says || unicode.IsLetter(p.r) || unicode.IsNumber(p.r)
			}
		}
		want := b.String()
		if !says || slices.Contains(noNames, want) {
			want = ""
		}
		if got := plainName(name); got != want {
			t.Errorf("%q becomes %q, not %q", name, got, want)
		}
	})
	for _, s := range noNames {
		if len(s) > longestNoName {
			t.Errorf("%q is longer than longestNoName", s)
		}
	}
}
