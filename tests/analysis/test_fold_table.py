"""The folding table: the fast lookup against the file, read the obvious way."""

from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnsearch.analysis.fold import fold


def table() -> dict[int, str]:
    """Code point to folded character, from the pairs of the file; a lone surrogate becomes U+FFFD."""
    lines = resources.files("cnsearch.analysis").joinpath("fold_table.txt").read_text("utf-8").split("\n")
    pairs = "".join(line for line in lines if not line.startswith("# "))
    return dict.fromkeys(range(0xD800, 0xE000), "\ufffd") | {
        ord(pairs[at]): pairs[at + 1] for at in range(0, len(pairs), 2)
    }


TABLE = table()
folded_characters = st.sampled_from(sorted(TABLE)).map(chr)


@given(st.text(st.characters() | folded_characters))
def test_fold_is_the_table_applied_to_each_character(text: str) -> None:
    assert fold(text) == text.translate(TABLE)


def test_every_code_point() -> None:
    every = "".join(map(chr, range(0x110000)))
    assert fold(every) == every.translate(TABLE)


def test_what_a_character_becomes_stays() -> None:
    changed = {chr(source): target for source, target in TABLE.items() if fold(target) != target}
    assert changed == {}


def test_ascii_takes_a_short_cut_to_the_same_result() -> None:
    every = "".join(map(chr, range(128)))
    assert fold(every) == fold(every + "中")[:-1] == every.translate(TABLE)


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("ＣＰＵ（３２－Ｂｉｔ）：！？", "cpu(32-bit):!?"),
        ("龍井茶與虎跑泉，臺灣後來", "龙井茶与虎跑泉,台湾后来"),
        ("‘甲’“乙”「丙」『丁』＂戊＂", '\'甲\'"乙""丙""丁""戊"'),
        ("1–2—3－4―5−6", "1-2-3-4-5-6"),
        ("😀👩‍👩‍👧🇨🇳", "😀👩‍👩‍👧🇨🇳"),
        ("½ ﬁ ㍿ …", "½ ﬁ ㍿ …"),  # their folds are longer
        ("Éa ÀÇ ø Ά Ж Й", "ea ac o α ж й"),
        ("⻓江⻛险⺠生", "长江风险民生"),
        ("钱锺书 妳 牠", "钱钟书 你 它"),
        ("ｶﾅ", "カナ"),
    ],
)
def test_folded_alike_on_both_sides(written: str, folded: str) -> None:
    assert fold(written) == folded
