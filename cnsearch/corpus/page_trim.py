"""What stands before, between and after an article's text, in the element that holds it, is taken out."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import accumulate

from lxml import etree

from cnsearch.corpus.clean import CleanBody
from cnsearch.corpus.page_tree import (
    BLOCKS,
    HINTS,
    Tree,
    is_by_line,
    remove,
    text_of,
    words_of,
)

#: How the lines begin that come after an article: other articles, editors, notices, buttons.
_END_OF_ARTICLE = re.compile(
    r"[（(【\[\s]*(?:相关|推荐|热门|热点|延伸|更多|精彩|猜你|往期|近期|最新|为您|大家都在|[上下]一[篇条页]|网友评论|发表评论|评论|纠错"
    r"|责任编辑|责编|编辑[:：]|主编[:：]|作者[:：]|来源[:：]|特别声明|免责声明|版权声明|声明[:：]|版权所有|分享[到至]|打印|关闭|收藏|返回"
    r"|关键[词字]|标签|举报|点赞|阅读原文|本文来源|发[布表]于|编辑于|创建于|posted|扫一扫|微信扫|打赏|赞赏|原创|投诉|正文已结束|"
    r"Related|Share|Tags?\b|Comments?\b|Previous|Next)"
)
_FULL_STOP = re.compile("[。！？]")


def trim(tree: Tree, content: list[etree._Element], headline: etree._Element | None) -> None:
    """Remove from ``content`` what stands before its text (crumbs, headline, by-line) and after it (lists of links,
    editors, notices), and blocks of links."""
    inside = {element for root in content for element in root.iter()}
    order = [index for index, element in enumerate(tree.elements) if element in inside]
    if not order:
        return
    holders = tree.ancestors(headline) if headline is not None else set()
    head = tree.number.get(headline, -1) if headline is not None and headline in inside else -1
    prose = [index for index in order if index != head and _is_text(tree, index)]
    first = next((index for index in prose if index > head), order[-1] + 1)
    last = prose[-1] if prose else order[-1]
    doomed: list[etree._Element] = []
    gone: set[etree._Element] = set()
    keeps_first = tree.ancestors(tree.elements[first]) if first <= order[-1] else set()
    keeps_last = tree.ancestors(tree.elements[last])
    after_end = False
    for index in order:
        element = tree.elements[index]
        if element.getparent() in gone:
            gone.add(element)
            continue
        if element in content:
            continue
        doom = False
        if head >= 0 and index <= head:
            doom = (element not in holders and element not in keeps_first) or element is headline
        elif index < first and element not in keeps_first:
            text = text_of(element, 200)
            doom = element.tag in BLOCKS and is_by_line(text) and not _is_of_event(element)
        elif index > last and element not in keeps_last and element.tag in BLOCKS:
            text = text_of(element, 200)
            after_end = after_end or bool(_END_OF_ARTICLE.match(text))
            doom = (
                after_end
                or text.isdigit()
                or not HINTS.isdisjoint(words_of(element))
                or (tree.link_share(index) > 0.5 and tree.link[index] > 4)
            )
        if not doom and element.tag in BLOCKS and element not in keeps_first and element not in keeps_last:
            doom = _is_block_of_links(tree, index)
        if doom:
            gone.add(element)
            doomed.append(element)
    for element in doomed:
        remove(element)


#: What publishers say of themselves below an article.
_NOTICE = re.compile(
    r"[（(【\[“*※\s]*(?:(?:责任编辑|责编|网友评论)(?:\s*[:：]|[^。，]{0,20}$)|(?:免责|版权|特别|郑重|广告|法律)声明|声明[:：]|版权所有"
    r"|转载请|著作权归|风险提示及免责|欢迎(?:您)?(?:扫|关注|订阅)|(?:微信)?扫一扫|Notice[:：]|Your email address)"
)
_NOTICE_INSIDE = re.compile(
    r"未经[^，。]{0,16}(?:授权|许可|允许|同意)[^。]{0,10}(?:不得|禁止|严禁|请勿|谢绝)|(?:仅|只)?提供信息(?:存储|发布)(?:空间)?(?:服务|平台)"
    r"|(?:不代表|并不意味着赞同|与)[^，。]{0,12}(?:本[站网人报]|平台|网|号)[^，。]{0,8}(?:观点|立场|无关)|观点?仅代表[^，。]{0,12}(?:作者|个人|机构)"
    r"|(?:本[文站网刊]|原创|版权|稿件)[^。]{0,24}(?:禁止|谢绝|请勿)(?:任何形式的?)?(?:转载|摘编|复制)|转载[^，。]{0,10}注明(?:出处|来源)"
    r"|不构成[^，。]{0,10}投资建议|许可协议|(?:您|你)的支持将鼓励|请随意(?:赞赏|打赏)|扫[^，。]{0,12}(?:二维码|公众号)"
)
_LONGEST_NOTICE = 300


def _is_notice(text: str) -> bool:
    return _NOTICE.match(text) is not None or (len(text) < _LONGEST_NOTICE and _NOTICE_INSIDE.search(text) is not None)


#: A line that begins like this ends an article: if most of it has been said, or, after those who made it, nearly all.
_SURE_END = re.compile(
    r"[（(【\[\s]*(?:相关(?:阅读|推荐|文章|新闻|报道|稿件)|推荐阅读|延伸阅读|网友评论|发表评论|[上下]一篇|分享(?:到|至|让更多人)"
    r"|文章被以下专栏|(?:热门|最新|精彩)(?:文章|评论|推荐|新闻)|大家都在看|猜你喜欢|返回搜狐|阅读剩余"
    r"|举报[/／]反馈|posted @"
    r"|Leave a (?:Reply|Comment)|Related (?:Posts|Articles)|发表回复|我要留言)"
)
_MAKERS = re.compile(r"[（(【\[\s]*(?:责任编辑|责编|【?纠错】?|编辑[:：]|本文来源|关键[词字]\s?[:：>]|标签\s?[:：])")
_LONGEST_END = 60
_NEARLY_ALL = 0.92
_EDITOR = re.compile(
    r"[\s（(【\[]{0,3}(?:责任编辑|责编|本文责编|编辑)\s?[:：]?\s?[\w·、/／\s]{0,30}[）)】\]\s]{0,3}|[（(]完[）)]|点赞?\s?\d+.{0,10}"
)


def without_ending(clean: CleanBody) -> CleanBody:
    """``clean`` without the lines at its end that are the publisher's: editors, notices, what begins with "related"."""
    texts = clean.paragraphs
    sizes = list(accumulate(map(len, texts), initial=0))
    end = len(texts)
    for index, text in enumerate(texts):
        if len(text) > _LONGEST_END or 3 * sizes[index] < 2 * sizes[-1] or _FULL_STOP.search(text):
            continue
        if _SURE_END.match(text) or (_MAKERS.match(text) and sizes[index] > _NEARLY_ALL * sizes[-1]):
            end = index
            break
    while end > 1 and (_EDITOR.fullmatch(texts[end - 1]) or _is_notice(texts[end - 1])):
        end -= 1
    headings = tuple(index for index in clean.headings if index < end)
    while headings and headings[-1] == end - 1 and end > 1 and end < len(texts):  # the heading of what has gone
        headings, end = headings[:-1], end - 1
    return replace(clean, paragraphs=texts[:end], headings=headings)


_PLACE = re.compile(r"[^，。]{0,6}地\s?点\s?[:：]")


def _is_of_event(element: etree._Element) -> bool:
    """True for the line with an event's time: that with its place comes next."""
    following = element.getnext()
    return following is not None and _PLACE.match(text_of(following, 60)) is not None


def _is_text(tree: Tree, index: int) -> bool:
    """True for a block of the article's own text, as far as one can see from the block."""
    size = tree.block_prose[index]
    if not size:
        return False
    text = text_of(tree.elements[index], 300)
    if is_by_line(text) or _is_notice(text):
        return False
    return size >= 15 or _FULL_STOP.search(text) is not None


_OTHERS = re.compile(r"(?:相关|推荐|热门|热点|延伸|更多|精彩|猜你|往期|近期|最新|上一篇|下一篇|分享到)")


def _is_block_of_links(tree: Tree, index: int) -> bool:
    """True for a list of other articles in the middle of one."""
    element = tree.elements[index]
    if element.tag not in ("ul", "ol", "div", "dl", "table", "section") or tree.link_share(index) < 0.6:
        return False
    num_links = sum(1 for _ in element.iter("a"))
    before = element.getprevious()
    named = _OTHERS.match(text_of(element, 60)) or (before is not None and _OTHERS.match(text_of(before, 60)))
    return bool(named) or (element.tag == "div" and num_links >= 3)
