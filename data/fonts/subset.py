"""Makes the subset of Noto Sans SC that reports are set in: python subset.py NotoSansSC_400Regular.ttf LifecircleSans.ttf [NAMES.csv …]"""
import csv, sys
from fontTools import subset
from fontTools.ttLib import TTFont

source, target, names = sys.argv[1], sys.argv[2], sys.argv[3:]
chars = set()
for hi in range(0xA1, 0xF8):  # GB 2312
    for lo in range(0xA1, 0xFF):
        try:
            chars.add(bytes((hi, lo)).decode("gb2312"))
        except UnicodeDecodeError:
            pass
for a, b in ((0x20, 0x7F), (0xA0, 0x180), (0x1E00, 0x1F00), (0x370, 0x400), (0x400, 0x460), (0x2010, 0x2040), (0x2070, 0x20A0), (0x20A0, 0x20C0), (0x2100, 0x2150), (0x2150, 0x2190),
             (0x2190, 0x21A0), (0x2200, 0x2270), (0x2460, 0x2500), (0x25A0, 0x2600), (0x2713, 0x2718), (0x3000, 0x3040), (0xFF00, 0xFFF0)):
    chars |= {chr(c) for c in range(a, b)}
chars.add("\uFFFD")
for path in names:  # official place names
    chars |= set(open(path, encoding="utf-8-sig").read())
font = TTFont(source)
o = subset.Options()
o.layout_features = []
o.hinting = False
o.glyph_names = False
o.notdef_outline = True
o.recalc_timestamp = False
o.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
o.drop_tables += ["GSUB", "GPOS", "GDEF", "BASE", "VORG", "vhea", "vmtx", "DSIG", "STAT", "meta"]
s = subset.Subsetter(o)
s.populate(unicodes=[ord(c) for c in chars if c >= " "])
s.subset(font)
for record in font["name"].names:
    if record.nameID in (1, 4):
        record.string = "Lifecircle Sans"
    elif record.nameID in (3, 6):
        record.string = "LifecircleSans-Regular"
font["head"].modified = font["head"].created
font.save(target)
have = set(font.getBestCmap())
print(len(have), "characters; wanted and not in the font:", len([c for c in chars if ord(c) >= 32 and ord(c) not in have]))
