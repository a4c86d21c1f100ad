package report

import "lifecircle/coverage"

// Tone is a meaning that is shown by a colour; it never stands by colour alone.
type Tone uint8

// The tones. Scores are in five classes of 20 points. Unmet is split by how far: near is at least three quarters of the line.
const (
	ToneNone Tone = iota
	ToneScore0
	ToneScore1
	ToneScore2
	ToneScore3
	ToneScore4
	ToneMet
	ToneNear
	ToneFar
	ToneNotDetected // hatched
	ToneNotAssessed
	ToneGap          // demand beyond the limit
	ToneUndetermined // demand of which the layers cannot tell; hatched
	ToneCovered
	ToneBetter // a change for the better, for the worse
	ToneWorse
	ToneMark // an assumption or limitation
)

// hexes are the colours that the map page uses too: they can be told apart with every common colour blindness, and in grey.
var hexes = [...]string{
	ToneNone: "", ToneScore0: "ffffcc", ToneScore1: "a1dab4", ToneScore2: "41b6c4", ToneScore3: "2c7fb8", ToneScore4: "253494",
	ToneMet: "5aa2d6", ToneNear: "fdbb74", ToneFar: "e6743a", ToneNotDetected: "efe6f3", ToneNotAssessed: "cfcfcf",
	ToneGap: "a3160f", ToneUndetermined: "6a3d86", ToneCovered: "5aa2d6", ToneBetter: "2c7fb8", ToneWorse: "e6743a", ToneMark: "fff4cc",
}

// Hex gives the colour as RRGGBB, "" for none.
func (t Tone) Hex() string { return hexes[t] }

// Dark tells whether words on the tone should be white.
func (t Tone) Dark() bool {
	return t == ToneScore3 || t == ToneScore4 || t == ToneGap || t == ToneUndetermined || t == ToneBetter
}

// Hatched tells whether the tone is drawn with diagonal lines over its colour, so that it does not hang on colour.
func (t Tone) Hatched() bool { return t == ToneNotDetected || t == ToneUndetermined }

// scoreTone gives the class of a score.
func scoreTone(known bool, score int64) Tone {
	if !known {
		return ToneNotAssessed
	}
	return ToneScore0 + Tone(min(4, max(0, score/(20*coverage.ScoreScale))))
}

// cellTone gives the class of a verdict.
func cellTone(d *coverage.Judged, c *coverage.Cell) Tone {
	switch c.Verdict {
	case coverage.Met:
		return ToneMet
	case coverage.NotDetected:
		return ToneNotDetected
	case coverage.NotAssessed:
		return ToneNotAssessed
	}
	if 4*coverage.Ratio(c.Covered+c.Undetermined, c.Total) >= 3*int64(d.PassLine)*1000 {
		return ToneNear
	}
	return ToneFar
}
