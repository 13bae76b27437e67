"""Writes src/holder/jis_x_0208.tsv, src/holder/jis_x_0212.tsv and src/holder/variants.tsv.

    python3 testdata/tools/repertoire.py

The mapping to Unicode is that of the EUC-JP codec in Python's standard library, which follows the
Unicode Consortium's JIS0208.TXT (JIS X 0208-1990) and JIS0212.TXT (JIS X 0212-1990). Where vendors
disagree the choice is made below, in CHOSEN, and not left to the codec.

The variants are those of VARIANTS and the compatibility ideographs whose decomposition, one
character and stable by Unicode's policy, is in the repertoire.

Python 3.11 wrote the committed files; any version gives the same bytes.
"""

import pathlib
import unicodedata

HOLDER = pathlib.Path(__file__).resolve().parents[2] / "src" / "holder"

# A cell that holds nothing, or nothing that is permitted.
EMPTY = "."

# (standard, row, cell) -> character. Vendors map these cells to different code points.
CHOSEN = {
    (208, 1, 29): "\u2015",  # dash: horizontal bar, not U+2014
    (208, 1, 32): "\uff3c",  # reverse solidus: full-width, the ASCII one is refused
    (208, 1, 33): "\u301c",  # wave dash, not U+FF5E
    (208, 1, 34): "\u2016",  # double vertical line, not U+2225
    (208, 1, 61): "\u2212",  # minus sign; repertoire.rs adds U+FF0D for the same cell
    (208, 1, 79): "\uffe5",  # yen sign: full-width, not U+00A5
    (208, 1, 81): "\u00a2",  # cent sign, not U+FFE0
    (208, 1, 82): "\u00a3",  # pound sign, not U+FFE1
    (208, 2, 44): "\u00ac",  # not sign, not U+FFE2
    # Tilde: U+007E is ASCII and U+FF5E is what keyboards give for the wave dash; neither is let in.
    (212, 2, 23): EMPTY,
}

# The minus sign as certificates write it in addresses; repertoire.rs adds it.
FULL_WIDTH_HYPHEN = "\uff0d"

# Variants met in names, outside the repertoire, each before its usual form inside it. Only pairs
# that every character dictionary gives as one character in two shapes.
VARIANTS = """
    俞兪 內内 剝剥 卽即 吕呂 吳呉 吿告 啟啓 喻喩 噓嘘 增増 夀寿 姬姫 娛娯 宫宮 寜寧 寬寛 尙尚 嵗歳
    巢巣 强強 彥彦 徵徴 德徳 悅悦 戶戸 户戸 戾戻 揭掲 敎教 旣既 昻昂 晚晩 曆暦 栁柳 槪概 橫横 步歩
    歲歳 歷歴 毁毀 每毎 淚涙 淸清 渴渇 湼涅 溫温 瀨瀬 狀状 甁瓶 產産 硏研 稅税 簞箪 絕絶 綠緑 緖緒 緣縁
    脫脱 荆荊 薰薫 虛虚 蟬蝉 說説 賴頼 郞郎 鄉郷 鄕郷 銳鋭 錄録 鍊錬 鎻鎖 閒間 閱閲 闗関 靍鶴 靑青 頹頽
    驒騨 髙高 黃黄 黑黒 﨑崎 﨔欅 𠀋丈 𠮟叱 𠮷吉 𡈽土 𣘺橋 𣳾泰 𥔎碕 𫝆今
"""

# JIS X 0208 has no rows 9 to 15; row 13 of some encoders is a vendor's.
ROWS = {208: [*range(1, 9), *range(16, 85)], 212: range(1, 95)}
CELLS = {208: 6879, 212: 6067}


def cell(standard, row, column):
    """The character of a cell, EMPTY if none."""
    if (chosen := CHOSEN.get((standard, row, column))) is not None:
        return chosen
    lead = b"\x8f" if standard == 212 else b""
    try:
        char = (lead + bytes([0xA0 + row, 0xA0 + column])).decode("euc_jp")
    except UnicodeDecodeError:
        return EMPTY
    assert len(char) == 1 and "\u0080" <= char <= "\uffff", (standard, row, column, char)
    return char


def main():
    seen = {FULL_WIDTH_HYPHEN}
    for standard, rows in ROWS.items():
        lines = [f"# JIS X 0{standard}-1990: row, then cells 1 to 94, '.' where empty. Written by repertoire.py."]
        count = 0
        for row in rows:
            cells = [cell(standard, row, column) for column in range(1, 95)]
            full = [c for c in cells if c != EMPTY]
            assert seen.isdisjoint(full) and len(set(full)) == len(full), (standard, row)
            seen.update(full)
            count += len(full)
            if full:
                lines.append(f"{row}\t{''.join(cells)}")
        refused = sum(1 for (s, _, _), c in CHOSEN.items() if s == standard and c == EMPTY)
        assert count + refused == CELLS[standard], (standard, count)
        (HOLDER / f"jis_x_0{standard}.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")

    (HOLDER / "variants.tsv").write_text("\n".join(variants(seen)) + "\n", encoding="utf-8")


def variants(permitted):
    """The lines of variants.tsv."""
    yield "# Code point outside the repertoire, then its usual form inside it. Written by repertoire.py."
    usual = {}
    for block in (range(0xF900, 0xFB00), range(0x2F800, 0x2FA20)):
        for point in block:
            decomposition = unicodedata.decomposition(chr(point))
            if decomposition and "<" not in decomposition and " " not in decomposition:
                usual[point] = chr(int(decomposition, 16))
    for pair in VARIANTS.split():
        variant, form = pair
        assert ord(variant) not in usual and form in permitted, pair
        usual[ord(variant)] = form
    for point in sorted(usual):
        assert chr(point) not in permitted, hex(point)
        if usual[point] in permitted:
            yield f"{point:04X}\t{usual[point]}"


main()
