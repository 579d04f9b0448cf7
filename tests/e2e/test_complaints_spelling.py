"""What searchers expect of characters: line ends, numbers, spellings, invisible ones, variants, signs and inflection;
each through the command line and the library."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import cnsearch
from cnsearch.faces.cli.program import cli

TEXTS = {
    # Line ends and spaces inside Chinese
    "折行": ("排版", "全省加快人工\n智能产业布局，\n建设智慧城\n市。\n\n孤\n段"),
    "诗": ("古诗", "白日依山尽，\n黄河入海流。"),
    "扫描": ("扫描页", "会 议 讨 论 了 乡 村 振 兴 ， 决 定 拨 款 。 另 见 附件 一 二"),
    "首行": ("缩进", "第一段结束处是数据\n　　库存管理是第二段"),
    # Numbers
    "金额": ("预算", "共拨付 2,400万元，单价 7,650.00 元，编号为 3,8 和 12,34。"),
    "网段": ("机房", "网关 10.12.34.56，软件升级到 4.18.2。"),
    "全角": ("旧报", "第Ⅶ章，共１２８页，第⑫条，面积90㎡。"),
    # Joined and separated spellings
    "连写": (
        "前端周刊",
        "用 TypeScript 与 Next.js，接口是 rate-limit，变量 order_total，函数 parseHttpResponse，Blu-ray 与 T-shirt。",
    ),
    "分写": ("前端月刊", "nextjs 的 ratelimit 以及 ordertotal，bluray 与 t shirt，再说 java。"),
    "版本": ("升级", "装好 PHP8.2 与 CentOS7.9，加 1.5L 发动机，用 V3.2.1，读数 PM10。"),
    "版本二": ("升级二", "装好 PHP 8.2 与 CentOS 7.9，加 1.5 L 发动机，用 V 3.2.1。"),
    "带宽": ("容量", "流量 15GB，用 6G 网络。"),
    "排版": ("空格", "插上 U 盘，看 A股，听 K歌，在 9 月 1 日，歼 20 起飞。"),
    "排版二": ("无空格", "插上U盘，看 A 股，听 K 歌，在9月1日，歼20起飞。"),
    "散": ("散", "U 与地盘，股份与 A，歌手 K，20 架歼击机。"),
    "型号": ("型号", "三星 S23 Ultra，处理器 i7 12700K，协议 HTTP/2，U.S.A 与 us a lesson。"),
    "型号二": ("型号二", "三星S23Ultra，处理器i7-12700K，协议HTTP2。"),
    "分开": ("分开", "Spring Boot 与 TCP/IP，free wi fi，O'Reilly，the rapist，may be。"),
    "合写": ("合写", "SpringBoot 与 tcpip。"),
    "波音": ("波音", "Boeing"),
    "京东方": ("京东方", "BOE"),
    # Invisible characters
    "零宽": ("采集", "杭\u200b州的西\u2060湖\ufeff风\u00ad景，Kuber\u00adnetes。"),
    "异体": ("地名", "渡邉\U000e0100市，芦\ufe00屋。"),
    # Variants
    "部首": ("导出", "⻅⾯时谈⻝品安全与⻋辆，⿊⾊⻢匹。"),
    "着": ("小说", "他望著海，握著手，著手写著名著作。"),
    "钟": ("人物", "鍾南山与锺馗。"),
    "瞭": ("指南", "妳要瞭解她們，站在瞭望台，藉由望遠鏡。"),
    # Signs
    "温度": ("冷链", "疫苗在-70℃保存，气温跌到-12度。"),
    "常温": ("药房", "药品在25℃以下，第70页，第12页。"),
    "星号": ("语法**糖**小记", "一行 5*6 等于 30，写成 子*丑。"),
    "否定": ("Why You Should NOT Use Eval", "不要用。"),
    "用": ("Use Cases", "why you should use it."),
    # Letters with marks, ligatures, inflection
    "重音": ("菜单", "Crème brûlée 与 jalapeño，fiancé，cafe\u0301，de\ufb01ne，Œuvre，Straße。"),
    "词形": ("笔记", "Libraries were caching queries; she tried debugging."),
    "原形": ("笔记二", "library cache query try debug"),
    "产品": ("产品", "Windows 与 Rails，news 与 university。"),
    "别的": ("别的", "window rail new universal"),
}

FOUND = [
    # Line ends and spaces
    ("人工智能", {"折行"}),
    ('"人工智能产业"', {"折行"}),
    ("智慧城市", {"折行"}),
    ('"布局，建设"', {"折行"}),
    ('"孤段"', {"折行"}),
    ('"城市。孤"', set()),  # an empty line ends a paragraph
    ('"山尽，黄河"', {"诗"}),
    ("乡村振兴", {"扫描"}),
    ('"振兴，决定拨款"', {"扫描"}),
    ("拨款", {"扫描"}),
    ('"数据库"', set()),  # an indented line begins one
    # Numbers
    ("2400", {"金额"}),
    ("2,400", {"金额"}),
    ("7650", {"金额"}),
    ("7650.00", {"金额"}),
    ("38", set()),
    ("1234", set()),
    ("10.12.34", {"网段"}),
    ("10.12", {"网段"}),
    ("4.18", {"网段"}),
    ("4.1", set()),
    ("12.34", set()),
    ("VII", {"全角"}),
    ("128", {"全角"}),
    ("12", {"全角", "金额", "温度", "常温"}),
    ("90m2", {"全角"}),
    # Spellings
    ("next.js", {"连写", "分写"}),
    ("nextjs", {"连写", "分写"}),
    ("next js", {"连写", "分写"}),
    ("rate limit", {"连写", "分写"}),
    ("ratelimit", {"连写", "分写"}),
    ("rate_limit", {"连写", "分写"}),
    ("orderTotal", {"连写", "分写"}),
    ("order-total", {"连写", "分写"}),
    ("bluray", {"连写", "分写"}),
    ("tshirt", {"连写", "分写"}),
    ("t shirt", {"连写", "分写"}),
    ("http", {"连写", "型号", "型号二"}),
    ("parse response", {"连写"}),
    ("httpresponse", {"连写"}),
    ("typescript", {"连写"}),
    ("script", set()),  # TypeScript is a name
    ("php 8.2", {"版本", "版本二"}),
    ("php8.2", {"版本", "版本二"}),
    ("8.2", {"版本", "版本二"}),
    ("php8", {"版本"}),
    ("centos 7.9", {"版本", "版本二"}),
    ("1.5L", {"版本", "版本二"}),
    ("3.2.1", {"版本", "版本二"}),
    ("v3.2", {"版本", "版本二"}),
    ("pm10", {"版本"}),
    ("5G", set()),
    ("6g", {"带宽"}),
    ("U盘", {"排版", "排版二"}),
    ("U 盘", {"排版", "排版二"}),
    ("A股", {"排版", "排版二"}),
    ("A 股", {"排版", "排版二"}),
    ("9 月 1 日", {"排版", "排版二"}),
    ("9月1日", {"排版", "排版二"}),
    ("歼 20", {"排版", "排版二"}),
    ("歼20", {"排版", "排版二"}),
    ("K歌 -U盘", set()),
    ("S23Ultra", {"型号", "型号二"}),
    ("S23 Ultra", {"型号", "型号二"}),
    ("i7-12700K", {"型号", "型号二"}),
    ("HTTP2", {"型号", "型号二"}),
    ("http/2", {"型号", "型号二"}),
    ("springboot", {"分开", "合写"}),
    ("tcpip", {"分开", "合写"}),
    ("tcp/ip", {"分开", "合写"}),
    ("wifi", {"分开"}),
    ("oreilly", {"分开"}),
    ("therapist", set()),
    ("boe", {"京东方"}),
    ("boeing", {"波音"}),
    # Invisible characters
    ("杭州", {"零宽"}),
    ('"西湖风景"', {"零宽"}),
    ("kubernetes", {"零宽"}),
    ("杭\u200d州", {"零宽"}),
    ('"西\u2060湖"', {"零宽"}),
    ("\ufefftitle:采集", {"零宽"}),
    ("\u200btitle:采\u200b集", {"零宽"}),
    ("渡邉市", {"异体"}),
    ('"芦屋"', {"异体"}),
    ("芦\ufe01屋", {"异体"}),
    # Variants
    ("见面", {"部首"}),
    ('"食品安全"', {"部首"}),
    ("马匹", {"部首"}),
    ("车辆", {"部首"}),
    ('"望着海"', {"着"}),
    ('"望著海"', {"着"}),
    ("著手", {"着"}),
    ("著名", {"着"}),
    ("著作", {"着"}),
    ("钟南山", {"钟"}),
    ("锺南山", {"钟"}),
    ("鍾馗", {"钟"}),
    ("了解", {"瞭"}),
    ("瞭望台", {"瞭"}),
    ("你要", {"瞭"}),
    # Signs
    ("-70℃", {"温度", "常温"}),
    ("疫苗 -70℃", {"温度"}),
    ("－12度", {"温度"}),
    ("药品 -疫苗", {"常温"}),
    ("语法**糖**小记", {"星号"}),
    ("5*6", {"星号"}),
    ("子*丑", {"星号"}),
    ("Why You Should NOT Use Eval", {"否定", "用"}),
    ("rails NOT news", set()),
    # Marks, ligatures, inflection
    ("creme brulee", {"重音"}),
    ("Crème", {"重音"}),
    ("cre\u0300me", {"重音"}),
    ("jalapeno", {"重音"}),
    ("fiance", {"重音"}),
    ("café", {"重音"}),
    ("define", {"重音"}),
    ("strasse", {"重音"}),
    ("oeuvre", {"重音"}),
    ("library", {"词形", "原形"}),
    ("libraries", {"词形", "原形"}),
    ("caching", {"词形", "原形"}),
    ("query", {"词形", "原形"}),
    ("tries", {"词形", "原形"}),
    ("debug", {"词形", "原形"}),
    ('"debugging"', {"词形"}),
    ("windows", {"产品"}),
    ("rails", {"产品"}),
    ("news", {"产品"}),
    ("university", {"产品"}),
    ("window", {"别的"}),
    ("universal", {"别的"}),
]

FIRST = [
    ("library", "原形"),
    ("libraries", "词形"),
    ("debugging", "词形"),
    ("疫苗 -70℃ 保存", "温度"),
    ("著作", "着"),
    ("Why You Should NOT Use Eval", "否定"),
]


@pytest.fixture(scope="module")
def index_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("spelling") / "index"
    with cnsearch.open_index(path, create=True) as index:
        index.add([cnsearch.Article(id=name, title=title, paragraphs=(body,)) for name, (title, body) in TEXTS.items()])
        assert index.verify(deep=True).ok
    return path


def ids(path: Path, query: str) -> list[str]:
    """The hits of one query, the same from the command line and from the library; and what is marked in them stands in
    the article as it was given."""
    done = CliRunner().invoke(
        cli, ["search", "--json", "-n", "100", "--index", str(path), "--", query], standalone_mode=False
    )
    assert done.exception is None
    shown = json.loads(done.stdout)["hits"]
    with cnsearch.open_index(path) as index:
        results = index.search(query, limit=100)
        assert [hit.id for hit in results] == [hit["id"] for hit in shown]
        for hit in results:
            title, body = TEXTS[hit.id]
            assert index.get(hit.id).body == body
            marks = [hit.title_fragment, *hit.snippet.fragments]
            assert any(fragment.highlights for fragment in marks), (query, hit.id)
            for fragment in marks:
                text = title if fragment.field == "title" else body
                written = text[fragment.start : fragment.start + len(fragment.text)]
                assert fragment.text == written.replace("\n", " ")
    return [hit["id"] for hit in shown]


@pytest.mark.parametrize(("query", "found"), FOUND)
def test_finds(index_path: Path, query: str, found: set[str]) -> None:
    assert set(ids(index_path, query)) == found


@pytest.mark.parametrize(("query", "first"), FIRST)
def test_stands_first(index_path: Path, query: str, first: str) -> None:
    assert ids(index_path, query)[0] == first


def test_what_was_no_operator_is_said(index_path: Path) -> None:
    with cnsearch.open_index(index_path) as index:
        assert index.search("子*丑").notes == ("an article has this text as typed: its signs are no operators",)
        assert index.search("子*丑").understood == "子*丑"
        assert "5*6 is taken as words" in index.search("5*6 等于 30").notes
        assert index.search("排*").notes == ()


def test_a_match_over_a_line_end_is_marked_as_one(index_path: Path) -> None:
    with cnsearch.open_index(index_path) as index:
        (fragment,) = index.search("人工智能")[0].snippet.fragments
        assert [fragment.text[start:end] for start, end in fragment.highlights] == ["人工 智能"]
        (fragment,) = index.search("kubernetes")[0].snippet.fragments
        assert [fragment.text[start:end] for start, end in fragment.highlights] == ["Kuber\u00adnetes"]


def test_filters_do_not_see_what_shows_nothing(index_path: Path) -> None:
    with cnsearch.open_index(index_path) as index:
        index.add(cnsearch.Article(id="源", title="来源", source="新\u200b华社", tags=("云\ufeff计算",)))
        for query in ("source:新华社", "source:新华\u200b社", "tag:云计算"):
            assert [hit.id for hit in index.search(query)] == ["源"]
        assert [hit.id for hit in index.search("", source="新华\u2060社")] == ["源"]
        index.delete("源")
