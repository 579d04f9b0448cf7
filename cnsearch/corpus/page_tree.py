"""The tree of a whole page: parsed once, cleared of furniture, measured, its article found.

What is furniture is told by what an element is (<nav>), by what its classes and ids say in words (``hot-news``,
``commentBox``), and by how much of its text is links. The article is where the sentences are: each block of text gives
its parents a score (after readability, https://github.com/buriy/python-readability, with Chinese punctuation, no points
for commas, and the headline as a landmark).
"""

from __future__ import annotations

import re
from functools import lru_cache

from lxml import etree

from cnsearch.corpus.markup import flattened, visible_markup

#: Elements that are never a part of an article.
_FURNITURE_TAGS = frozenset("nav footer aside form select textarea input button dialog menu".split())
_FURNITURE_ROLES = frozenset("navigation banner complementary contentinfo search menu menubar dialog alert".split())

#: Words of classes and ids of what surrounds articles, however much text it has.
_STRONG = frozenset(
    """
    comment comments reply replies share sharing sharebar sns social bdshare jiathis related relate relative
    relatives recommend recommends recommended recommendation recommendations sidebar breadcrumb breadcrumbs crumb
    crumbs nav navbar navigation navi footer copyright disclaimer toolbar login signin register qrcode ewm erweima
    advert advertisement advertising banner pager pagination paging pagenav subscribe newsletter cookie cookies
    popup modal toast tooltip topbar topnav hotnews hotlist ranking rank feedback captcha guess sponsor promo
    outbrain taboola disqus gitalk gitment valine livere changyan   tiearea gtnews  friendlinks
    blogroll  xiangguan tuijian pinglun zan reward donate dashang
    """.split()
)
#: Words that also stand on elements around the article: they count where there is little text of its own.
_WEAK = frozenset(
    """
    side aside head header top bottom foot tool tools hot menu ad ads adv ad1 gg guanggao more prev next previous
    tag tags keywords keyword app download print float fixed search author profile vote like praise report editor
    zebian info meta path position location weizhi bar btn btns button links link list statement shenming shengming
    declare weixin wechat weibo qr  follow gzh right rt maj relation extra widget widgets hide hidden toc catalog
    catalogue mulu directory
    """.split()
)
#: Words of small things that an editor or a theme adds to the headings and the code of a text.
_ADDED = frozenset("editsection headerlink numbering".split())
_MARKS_OF_LINKS = frozenset("¶ # § 🔗".split())
#: Words of what may surround an article.
HINTS = _STRONG | _WEAK
_WORD = re.compile("[A-Z]?[a-z]+|[A-Z]+(?![a-z])")

#: Ids and classes of the element that holds the text, at publishers and in common themes and editors.
_CONTENT_NAMES = frozenset(
    """
    artibody article-content article_content articlecontent article-body article-detail article__content
    article_body articletext article-con article_con articlebody art_content art-content endtext post_text post_body
    p-detail detail-content detailcontent detail_content content-article cnt-main-article-qq news_txt news_content
    newscontent news-content news-body news_body txt_con a-con trs_editor rm_txt_con show_text text_area left_zw
    content_area cnt_bd la_content entry-content post-content post_content post-body postbody markdown-body
    article-entry rich_media_content js_content richtext richcontent yc_con_txt content_text text_con txtcontent
    contenttext zoom ozoom fontzoom vsb_content cn_textcontent content_views htmledit_views blog-content blogcontent
    cnblogs_post_body note-content read-content story-body story_body body-content main-text mainarticle
    main-article article-main js-article single-content article_text conttxt con_txt ucap-content bt-content
    xl_content index_cententwrap read-article-holder post-richtext all-txt articletext
    """.split()
)
_ARTICLE_BODY = frozenset(("articleBody", "articlebody", "text"))

BLOCKS = frozenset(
    """
    html body div p section article main header blockquote center address ul ol li dl dt dd table tbody thead tfoot
    tr td th h1 h2 h3 h4 h5 h6 pre figure figcaption fieldset details summary hgroup
    """.split()
)
#: Blocks that are one piece of a text; it is their parents that may hold it.
_PIECES = frozenset("p li dt dd tr th tbody thead h1 h2 h3 h4 h5 h6 pre figcaption blockquote summary".split())
_SMALL_CELL = 200
"""Characters: a cell with more may be a column of a page that is laid out by tables."""
_NEVER_FURNITURE = frozenset(
    "html body article main a span strong em b font code pre h1 h2 h3 h4 h5 h6 td th tr".split()
)
HEADINGS = frozenset("h1 h2 h3 h4 h5 h6".split())

_SENTENCE = re.compile("[，。！？；、…”!?;]|[,.](?=\\s|$)")
_SPACE = re.compile(r"\s+")
_BY_LINE = re.compile(
    r"(?:19|20)\d\d\s?[-/.年]\s?\d{1,2}|\d{1,2}:\d\d|^[(（\s]*(?:文章|稿件|信息)?来源\s?[:：]|字号|字体|字数|阅读|浏览|评论|点击|打印|收藏|分享"
    r"|发布时间|发表于|发布于|粉丝|min read|^(?:Posted|Published) |^[A-Z][a-z]{2,8}\.? \d{1,2},? 20\d\d|^\d{1,6}$"
)
_FULL_STOP = re.compile("[。！？]")
_DATE = re.compile(r"(?:19|20)\d\d\s?(?:[-/.年]|\s)\s?\d{1,2}\s?[-/.月]\s?\d{1,2}")
_LONGEST_BY_LINE = 120


_MOST_NAMED = 20
"""Elements inside each other, named as an article's, that are looked at."""


def is_by_line(text: str) -> bool:
    """True for what stands between headline and text: date, source, author, counters, font sizes."""
    return len(text) <= _LONGEST_BY_LINE and _BY_LINE.search(text) is not None and _FULL_STOP.search(text) is None


class Tree:
    """A page as a tree of lxml, and the sizes of its elements.

    elements         : all, in document order; ``number`` finds the place of one
    text, link, prose : how many characters (white space aside) each holds: all, in links, in blocks that are sentences
    """

    def __init__(self, html: str) -> None:
        markup = flattened(visible_markup(html))
        parser = etree.HTMLParser(huge_tree=True, remove_comments=True, remove_pis=True, encoding="utf-8")
        source = f"<html><body><div>{markup}</div></body></html>".encode("utf-8", "replace")
        root = etree.fromstring(source, parser)
        self.root = root if root is not None else etree.fromstring(b"<html><body></body></html>", parser)
        self.measure()

    def measure(self) -> None:
        """Find the sizes again, after something has been removed."""
        self.elements = [element for element in self.root.iter() if isinstance(element.tag, str)]
        self.number = {element: index for index, element in enumerate(self.elements)}
        size = len(self.elements)
        parents = [self.number.get(element.getparent(), -1) for element in self.elements]
        block = list(range(size))  # the block that an element's text belongs to
        linked = [False] * size
        own_text, own_link, own_marks = [0] * size, [0] * size, [0] * size
        self.text, self.link, self.prose = [0] * size, [0] * size, [0] * size
        for index, element in enumerate(self.elements):
            parent = parents[index]
            if parent >= 0:
                linked[index] = linked[parent] or element.tag == "a"
                if element.tag not in BLOCKS:
                    block[index] = block[parent]
            for text, at in ((element.text, index), (element.tail, parent)):
                if not text or at < 0 or text.isspace():
                    continue
                chars = len(_SPACE.sub("", text))
                self.text[at] += chars
                own_text[block[at]] += chars
                if linked[at]:
                    self.link[at] += chars
                    own_link[block[at]] += chars
                else:
                    own_marks[block[at]] += len(_SENTENCE.findall(text))
        self.block_prose = [0] * size
        for index in range(size):
            plain = own_text[index] - own_link[index]
            if plain <= own_link[index] or not plain:
                continue
            is_sentence = own_marks[index] > 0 and plain >= 6
            self.block_prose[index] = plain if is_sentence else max(plain // 4, 1)
            self.prose[index] = self.block_prose[index]
        for index in range(size - 1, 0, -1):
            parent = parents[index]
            if parent >= 0:
                self.text[parent] += self.text[index]
                self.link[parent] += self.link[index]
                self.prose[parent] += self.prose[index]
        self.parents = parents

    def link_share(self, index: int) -> float:
        """How much of the text in element number ``index`` is in links, 0 to 1; 0 without text."""
        return self.link[index] / self.text[index] if self.text[index] else 0.0

    def ancestors(self, element: etree._Element) -> set[etree._Element]:
        """The element, and all that hold it."""
        return {element, *element.iterancestors()}

    # Furniture

    def clear(self, landmark: etree._Element | None) -> None:
        """Remove the furniture: never what holds the ``landmark`` (the headline), or the text by its name."""
        kept: set[etree._Element] = set()
        if landmark is not None:
            kept |= self.ancestors(landmark)
        for index, element in enumerate(self.elements):
            if self.prose[index] * 10 >= self.prose[0] and is_content(element):
                kept |= self.ancestors(element)
        doomed: list[etree._Element] = []
        gone: set[etree._Element] = set()
        inside: set[etree._Element] = set()  # what says that it holds the text
        for index, element in enumerate(self.elements):
            parent = element.getparent()
            if parent in inside or (element in kept and is_content(element)):
                inside.add(element)
            if parent in gone:
                gone.add(element)
            elif element not in kept and self._is_furniture(index, element, inside=element in inside):
                gone.add(element)
                doomed.append(element)
        for element in doomed:
            remove(element)
        self.measure()

    def _is_furniture(self, index: int, element: etree._Element, *, inside: bool) -> bool:
        if element.tag in _FURNITURE_TAGS or element.get("role", "") in _FURNITURE_ROLES:
            return element.tag != "form" or self.prose[index] * 2 < self.prose[0]  # ASP pages are one form
        if element.tag in _NEVER_FURNITURE:
            return _is_added(self, index, element)
        style = element.get("style", "")[:200].replace(" ", "").lower()
        if "display:none" in style and self.prose[index] * 2 < self.prose[0]:
            return True
        if element.tag in ("ul", "ol") and "numbering" in words_of(element):
            return text_of(element, 40).replace(" ", "").isdigit()
        words = words_of(element, ids=not inside)  # in a text, ids are anchors: <section id="comments">
        if words & _STRONG:
            return True
        if element.tag == "header" and next(element.iterancestors("article"), None) is not None:
            return False  # of one of several articles
        little = self.link_share(index) > 0.3 or (self.text[index] < 60 and not inside)
        if not (words & _WEAK and little and self.prose[index] * 4 < self.prose[0]):
            return False
        if self.text[index] > _LONGEST_BY_LINE or self.link_share(index) > 0.5:
            return True
        return (
            len(_DATE.findall(text_of(element, 300, between=" "))) != 1
        )  # the line under the headline has a class like "info"

    # The article

    def _weights(self, head: int) -> list[int]:
        """How much each block counts: its sentences, but little of them under a heading that leads to another page."""
        weights = list(self.block_prose)
        of_another = False
        for index, element in enumerate(self.elements):
            if element.tag in HEADINGS or index == head:
                of_another = index != head and self.link_share(index) > 0.5 and leads_away(element)
            elif of_another:
                weights[index] //= 10
        return weights

    def content(self, headline: etree._Element | None) -> list[etree._Element]:
        """The elements that together hold the article, in order; empty if there is no sentence on the page."""
        size = len(self.elements)
        scores = [0.0] * size
        head = self.number.get(headline, 0) if headline is not None else 0
        for index, weight in enumerate(self._weights(head)):
            if not weight or (weight < 60 and is_by_line(text_of(self.elements[index], 300))):
                continue
            at, share = index, 1.0
            while at > 0 and self._is_piece(at):
                at = self.parents[at]
            while at >= 0 and share > 0.1:
                scores[at] += weight * share
                at, share = self.parents[at], share / 2
        best, best_score = -1, 0.0
        last = self._last_of_each()
        for index, element in enumerate(self.elements):
            if not scores[index] or element.tag in ("html", "body"):
                continue
            score = scores[index] * (1 - self.link_share(index))
            if last[index] < head:
                score *= 0.3
            if is_content(element):
                score *= 1.5
            if score > best_score:
                best, best_score = index, score
        if best < 0:
            return []
        best = self._known_inside(self._known_around(best), head)
        return self._with_siblings(best)

    def _is_piece(self, index: int) -> bool:
        """True for what is one of several pieces of a text: a paragraph, a row, a cell that is not a whole column."""
        tag = self.elements[index].tag
        return tag in _PIECES or (tag == "td" and self.prose[index] < _SMALL_CELL)

    def _last_of_each(self) -> list[int]:
        last = list(range(len(self.elements)))
        for index in range(len(self.elements) - 1, 0, -1):
            parent = self.parents[index]
            if parent >= 0 and last[index] > last[parent]:
                last[parent] = last[index]
        return last

    def _known_around(self, best: int) -> int:
        """An element around ``best``, or the only big one in it, that says that it holds the article."""
        at = self.parents[best]
        found = best
        while at >= 0:
            if is_content(self.elements[at]) and self.link_share(at) < 0.3 and self.text[at] < 1.6 * self.text[best]:
                found = at
            at = self.parents[at]
        return found

    def _known_inside(self, best: int, head: int) -> int:
        """The element in ``best`` that is named as the text's, unless text stands before it or goes on in another."""
        ends = self._last_of_each()
        found, num_looked_at = best, 0
        for index in range(best + 1, ends[best] + 1):
            element = self.elements[index]
            if element.tag in ("article", "main") or not is_content(element) or not index <= ends[found]:
                continue
            num_looked_at += 1
            if self.prose[index] < 0.7 * self.prose[best] or num_looked_at > _MOST_NAMED:
                continue
            before = sum(self.block_prose[max(best, head + 1) : index])
            after = range(ends[index] + 1, ends[best] + 1)
            others = (at for at in after if self.prose[at] * 20 > self.prose[best] and is_content(self.elements[at]))
            if before * 20 <= self.prose[best] and next(others, None) is None:
                found = index
        return found

    def _with_siblings(self, best: int) -> list[etree._Element]:
        """``best`` and the elements beside it that go on with its text."""
        chosen = self.elements[best]
        parent = chosen.getparent()
        if parent is None or is_content(chosen):
            return [chosen]
        result = []
        kind = (chosen.tag, chosen.get("class", ""))
        for sibling in parent:
            index = self.number.get(sibling)
            if index is None:
                continue
            if sibling is chosen:
                result.append(sibling)
                continue
            same = (sibling.tag, sibling.get("class", "")) == kind and (kind[1] or kind[0] == "section")
            text = sibling.tag in ("p", "pre", "blockquote", "table", "ol", "ul", *HEADINGS)
            if text and is_by_line(text_of(sibling, 300)):
                continue
            if (same or text) and self.prose[index] * 2 > self.text[index] and self.link_share(index) < 0.25:
                result.append(sibling)
        return result


def _is_added(tree: Tree, index: int, element: etree._Element) -> bool:
    """True for the sign beside a heading that leads to it, and for ``[edit]``."""
    if element.tag not in ("a", "span") or tree.text[index] > 12:
        return False
    if element.tag == "a" and text_of(element) in _MARKS_OF_LINKS:
        return True
    return not _ADDED.isdisjoint(words_of(element, ids=False)) and tree.link_share(index) > 0.3


def leads_away(heading: etree._Element) -> bool:
    """True if what ``heading`` links to is another page, no place on this one."""
    links = [heading.get("href")] if heading.tag == "a" else [link.get("href") for link in heading.iter("a")]
    links += [parent.get("href") for parent in heading.iterancestors("a")]
    return any(href and not href.startswith("#") and "javascript:" not in href[:20].lower() for href in links)


def remove(element: etree._Element) -> None:
    """Take ``element`` out of its tree; the text after it stays."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        before = element.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def words_of(element: etree._Element, *, ids: bool = True) -> frozenset[str]:
    """The words in the classes and the id of ``element``, in lower case: ``hotNews-list`` has hot, news, list."""
    return _words((element.get("class") or "")[:200], (element.get("id") or "")[:100] if ids else "")


@lru_cache(maxsize=4096)
def _words(classes: str, id: str) -> frozenset[str]:
    names = f"{classes} {id}"
    return frozenset(word.lower() for word in _WORD.findall(names)) | frozenset(names.lower().split())


def is_content(element: etree._Element) -> bool:
    """True if ``element`` says that it holds an article's text."""
    if element.tag in ("article", "main") or element.get("itemprop", "") in _ARTICLE_BODY:
        return True
    if element.tag in ("a", "span", "p", "li", "input", "img", "html", "body"):
        return False
    return _is_content_name((element.get("class") or "")[:200], (element.get("id") or "")[:100])


@lru_cache(maxsize=4096)
def _is_content_name(classes: str, id: str) -> bool:
    return not _CONTENT_NAMES.isdisjoint(f"{classes} {id}".lower().split())


def text_of(element: etree._Element, longest: int = 1000, *, between: str = "") -> str:
    """The text in ``element`` on one line, of about ``longest`` characters at most; ``between`` its pieces."""
    pieces: list[str] = []
    size = 0
    for piece in element.itertext():
        pieces.append(piece)
        size += len(piece)
        if size > longest:
            break
    return _SPACE.sub(" ", between.join(pieces)).strip()
