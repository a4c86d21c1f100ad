// Package fonts embeds the font that documents are set in where they cannot take one from the reader's machine: PDF and pictures.
// README.md beside it says where it comes from and under which licence.
package fonts

import _ "embed"

//go:embed LifecircleSans.ttf
var regular []byte

// Family is the name of the font.
const Family = "Lifecircle Sans"

// Regular is a TrueType font with Latin, Greek, Cyrillic and Chinese glyphs. It must not be changed.
func Regular() []byte { return regular }
