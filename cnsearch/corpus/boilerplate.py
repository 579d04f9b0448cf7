"""What publishers add to every article of theirs: tables of rules, each as narrow as the publisher allows.

A rule names the publisher, or the kind of site, whose articles carry the text. A WHOLE rule matches a whole paragraph,
a TAIL rule what follows the last sentence of one, so that a sentence of an article that speaks of disclaimers or QR
codes stays.
"""

from __future__ import annotations

import re

#: Classes and ids of elements that go with all they hold: publisher, names in lower case.
CLASS_RULES = (
    ("新浪财经", "appendqr_wrap appendqr_normal appendqr_normal_txt article-editor ori_titlesource show_author"),
    ("每经网", "u-time typetags nbd-mzsm"),
    ("快科技", "zhuanzai bqian jiucuo"),
    ("掘金", "copy-code-btn"),
    ("人人都是产品经理", "support-author"),
    ("少数派", "article-side qr-small"),
    ("知乎", "mcn-link-card richtext-mcnlinkcardcontainer"),
    ("9To5", "ad-disclaimer-container disclaimer-affiliate"),
    ("share bars of many", "bdsharebuttonbox bshare-custom social-share share-component jiathis_style sharedaddy"),
    ("reward buttons of blogs", "post-reward reward-container dashang"),
)
_CLASSES = frozenset(name for _, names in CLASS_RULES for name in names.split())

#: QR codes have as many class names as sites: ``qrcode``, ``wechat-qr-code``, ``post_qrcode``, ``erweima``.
_QR_CODE = re.compile(r"(?:^|[-_])qr[-_]?(?:code|img|image|wrap|box)|qrcode|erweima")

#: Classes of the line numbers beside code: hexo, Pygments, highlight.js, Hugo (Chroma), VuePress, Prism, Rouge.
_LINE_NUMBERS = frozenset(
    """
    gutter lineno linenos linenodiv line-number hljs-ln-numbers hljs-ln-n lnt ln line-numbers-wrapper line-numbers-rows
    rouge-gutter
    """.split()
)

_END = r"[。．.!！]?"
_HAN = r"[\u4e00-\u9fff]"
_NAME = rf"(?:{_HAN}{{1,6}}·{_HAN}{{1,6}}|{_HAN}{{2,4}}(?:_?[A-Za-z0-9]{{2,8}})?|[A-Za-z0-9_.]{{2,14}})"
_NAMES = rf"{_NAME}(?:[、\s]\s?{_NAME}){{0,3}}"
_EDITOR = rf"(?:责任编辑|责编|编辑)[:：]\s?{_NAMES}"
_APP = r"(?:APP|App|app|客户端)"

#: Paragraphs that go if they match whole: publisher, pattern. No quantifier is open, and no paragraph longer than
#: _LONGEST is looked at, so the time is linear.
WHOLE_RULES = (
    (
        "每经网",
        rf"每经\w{{0,4}}(?:记者|编辑|评论员)[\s|丨:：]{{1,3}}{_NAMES}(?:\s?每经\w{{0,4}}(?:记者|编辑)[\s|丨:：]{{1,3}}{_NAMES}){{0,3}}",
    ),
    ("每经网", r"封面图片来源[:：].{1,40}"),
    ("每经网", r".{0,60}未经《每日经济新闻》报社授权，严禁转载或镜像，违者必究" + _END),
    ("每经网", r"特别提醒：如果我们使用了您的图片，请作者与本站联系索取稿酬。.{0,60}"),
    ("每经网, 证券时报", rf"(?:免责|郑重|特别)?声明[:：].{{0,200}}(?:风险自担|风险自负|责任自负){_END}"),
    ("东方财富", r"郑重声明：东方财富网?发布此信息.{0,120}"),
    ("华尔街见闻", r"(?:风险提示及免责条款\s?)?市场有风险，投资需谨慎。本文不构成个人投资建议.{0,160}"),
    ("新浪财经", r"原标题[:：].{1,120}"),
    ("新浪财经", rf"海量资讯、精准解读，尽在新浪财经\s?{_APP}"),
    ("新浪财经", r"炒股就看金麒麟分析师研报，.{0,60}"),
    ("新浪财经", r".{0,30}更多粉丝福利扫描二维码关注.{0,20}"),
    ("新浪网", r"新浪声明：新浪网登载此文出于传递更多信息之目的.{0,80}"),
    (
        "新浪网, 网易号, 搜狐号",
        r"(?:特别|平台)声明[:：].{0,120}(?:仅提供信息存储(?:空间)?服务|不代表[^，。]{0,16}(?:观点|立场)).{0,80}",
    ),
    ("新浪财经, 人民网, 中新网", rf"(?:【纠错】\s?)?[（(【]?{_EDITOR}[)）】]?"),
    ("快科技", rf"(?:原文链接[:：][^，。]{{1,40}}\s)?{_EDITOR}(?:\s?文章纠错)?"),
    ("快科技", r"【本文结束】.{0,60}"),
    (
        "券商中国",
        r".{0,80}对[^，。]{0,20}原创内容享有著作权，未经授权禁止转载"
        rf"(?:，否则将?[^，。]{{0,10}}追究[^，。]{{0,6}}法律责任)?{_END}",
    ),
    (
        "快科技 and many",
        r"[-—–=\s]{0,12}(?:THE\s?END|The\s?[Ee]nd|全文完)[-—–=\s]{0,12}|[-—–=]{1,12}\s?END\s?[-—–=]{1,12}",
    ),
    (
        "many",
        rf"(?:本文[^，。：]{{1,12}}[，,]\s?)?[^，。：]{{0,12}}转载请(?:务必)?注明(?:出处|来源|原文链接)?(?:[:：，,（(].{{0,80}})?{_END}",
    ),
    ("人人都是产品经理", r"给作者打赏，鼓励\s?TA\s?抓紧创作！?"),
    (
        "人人都是产品经理",
        rf"本文[^。]{{0,40}}人人都是产品经理[^。]{{0,30}}[，。]\s?未经[^，。]{{0,6}}(?:许可|授权)，\s?禁止转载{_END}",
    ),
    ("人人都是产品经理", rf"题图来自[^，。]{{1,30}}，\s?基于\s?CC0\s?协议{_END}"),
    ("36kr", rf"该文观点仅代表作者本人，36氪平台仅提供信息存储空间服务{_END}"),
    ("IT之家", r"广告声明：文内含有的对外跳转链接.{0,120}"),
    ("虎嗅", r"本内容(?:为作者独立观点|由作者授权发布，观点仅代表作者本人)，不代表虎嗅立场。.{0,80}"),
    ("雷锋网", rf"雷[锋峰]网.{{0,20}}原创文章，未经授权禁止转载。详情见转载须知{_END}"),
    ("爱范儿", r"#欢迎关注爱范儿官方微信公众号：爱范儿.{0,60}"),
    ("少数派", rf">?\s?下载\s?少数派\s?2\.0\s?{_APP}、关注\s?少数派公众号.{{0,20}}"),
    ("澎湃新闻", rf"[（(]?(?:本文来自澎湃新闻，)?(?:更多原创资讯请下载|海量资讯，尽在)“澎湃新闻”{_APP}[)）]?"),
    ("搜狐", r"返回搜狐，查看更多"),
    ("百度", r"举报[/／]反馈"),
    (
        "掘金",
        r"[“\"]?(?:这是我参与|本文(?:已|正在)参与|我正在参加)[^，。]{0,20}(?:更文挑战|新人创作礼|星计划|创作之路)[^。]{0,60}[”\"]?",
    ),
    ("掘金翻译计划", r"如果发现译文存在错误或其他需要改进的地方，欢迎到\s?掘金翻译计划.{0,120}"),
    ("掘金翻译计划", r"掘金翻译计划\s?是一个翻译优质互联网技术文章的社区，文章来源为\s?掘金.{0,200}"),
    ("掘金翻译计划", r"(?:译文出自[:：]\s?(?:阿里云翻译小组|掘金翻译计划)|本文永久链接[:：]\s?https?://\S{1,200})"),
    ("Linux中国", rf"本文由\s?LCTT\s?(?:原创)?(?:翻译|编译|组稿)，\s?Linux\s?中国\s?荣誉推出{_END}"),
    (
        "many",
        r"(?:请|可)?(?:微信)?(?:长按|扫描|扫一扫|识别|扫码)(?:识别|扫描)?[^，。、]{0,8}(?:二维码)?[，,]?\s?(?:即可|立即|可)?"
        rf"(?:关注|下载|加入|进群|添加|查看|阅读|打开|分享)[^，。]{{0,16}}(?:二维码|公众号|微信|{_APP}|我们|小程序|群){_END}",
    ),
    ("少数派 and many", r"(?:微信)?(?:扫码|扫一扫)(?:分享|关注|下载)"),
    ("many", r"本文来源[:：].{1,40}"),
    ("many", rf"(?:点击)?(?:查看更多|阅读全文|阅读原文)[>＞»→…]{{0,3}}{_END}"),
)

#: Ends of paragraphs that go: publisher, pattern; what comes before must have ended a sentence.
TAIL_RULES = (
    ("新浪财经, 人民网", rf"[（(【]{_EDITOR}[)）】]"),
    ("新浪财经", rf"责任编辑[:：]\s?{_NAMES}"),
    ("搜狐", r"返回搜狐，查看更多"),
)

#: A page without any of these has no paragraph for the rules: one search in place of one per rule and paragraph. They
#: begin with few different characters, which is what makes the search fast.
_TRIGGER = re.compile(
    "声明|每经|每日经济新闻|封面图片来源|特别提醒|投资需谨慎|原标题|新浪财经|金麒麟|责任编辑|责编|编辑[:：]|【本文结束】"
    "|享有著作权|THE|The End|The end|END|全文完|转载|给作者打赏|人人都是|题图来自|36氪平台|虎嗅立场|爱范儿|少数派公众号"
    "|澎湃新闻|搜狐|举报|掘金|更文挑战|我参与|LCTT|译文|永久链接|二维码|扫码|扫一扫|长按|识别|粉丝福利|本文来源|查看更多"
    "|阅读[全原]文"
)
_LONGEST = 320
_WHOLE = re.compile("|".join(f"(?:{pattern})" for _, pattern in WHOLE_RULES))
_TAIL = re.compile(rf"(?<=[。！？…”」）)])\s?(?:{'|'.join(pattern for _, pattern in TAIL_RULES)})\Z")


def is_boilerplate_class(name: str) -> bool:
    """True if an element of this class or id (lower case) is the publisher's, not the article's."""
    return name in _CLASSES or _QR_CODE.search(name) is not None


def is_line_number_class(name: str) -> bool:
    """True if an element of this class (lower case) holds line numbers of code, provided that it holds digits only."""
    return name in _LINE_NUMBERS


def has_boilerplate(text: str) -> bool:
    """False if no paragraph of ``text`` can be one of the rules' (fast; True says nothing)."""
    return _TRIGGER.search(text) is not None


def without_boilerplate(paragraph: str) -> str:
    """``paragraph`` without what the rules know: the empty string, itself, or itself without its tail."""
    if not _TRIGGER.search(paragraph):
        return paragraph
    if len(paragraph) <= _LONGEST and _WHOLE.fullmatch(paragraph):
        return ""
    found = _TAIL.search(paragraph, max(len(paragraph) - 80, 0))
    return paragraph if found is None else paragraph[: found.start()]
