"""RSS, Atom, exports of WordPress, and XML that must not be expanded."""

# ruff: noqa: E501  # samples as they are
from __future__ import annotations

import pytest

from cnsearch.corpus.entries import ReadOptions
from cnsearch.corpus.posts import PostFile
from cnsearch.corpus.readers import read_file
from cnsearch.errors import CorpusError, NoArticlesError
from cnsearch.model import Article, Failure

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>山间周报</title><link>https://example.org/</link>
<item><title>采茶 &amp; 制茶</title><link>https://example.org/tea</link><guid isPermaLink="false">tea-1</guid>
<pubDate>Wed, 27 Oct 2021 02:08:49 GMT</pubDate><category>农事</category><category>茶</category>
<dc:creator>周渔</dc:creator><description>清明前三天最好。</description>
<content:encoded><![CDATA[<p>茶园在<b>半</b>山。</p><script>x()</script><h2>炒青</h2><p>锅要热。</p>]]></content:encoded></item>
<item><title>渔汛</title><link>https://example.org/fish</link><description>&lt;p&gt;江水涨了。&lt;/p&gt;</description></item>
</channel></rss>"""

ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>渡口</title>
<entry><id>urn:1</id><title type="html">&lt;b&gt;夜渡&lt;/b&gt;</title><link href="https://example.org/night"/>
<published>2022-03-04T05:06:07+08:00</published><author><name>阿舟</name></author><category term="船"/>
<content type="html">&lt;p&gt;灯在对岸。&lt;/p&gt;</content></entry></feed>"""

WXR = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:wp="http://wordpress.org/export/1.2/"><channel><title>旧博客</title>
<item><title>砌墙</title><link>https://example.org/wall</link><dc:creator><![CDATA[石匠]]></dc:creator>
<content:encoded><![CDATA[<!-- wp:paragraph --><p>先打地基。</p><!-- /wp:paragraph -->]]></content:encoded>
<excerpt:encoded><![CDATA[]]></excerpt:encoded><wp:post_id>7</wp:post_id>
<wp:post_date>2020-01-02 09:30:00</wp:post_date><wp:post_date_gmt>2020-01-02 01:30:00</wp:post_date_gmt>
<wp:status>publish</wp:status><wp:post_type>post</wp:post_type>
<category domain="category" nicename="a"><![CDATA[手艺]]></category><category domain="post_tag"><![CDATA[石头]]></category></item>
<item><title>关于</title><content:encoded><![CDATA[第一段。

第二段。]]></content:encoded><wp:post_id>8</wp:post_id><wp:post_date>2020-02-02 00:00:00</wp:post_date>
<wp:post_date_gmt>0000-00-00 00:00:00</wp:post_date_gmt><wp:status>draft</wp:status><wp:post_type>page</wp:post_type></item>
<item><title>pic.jpg</title><wp:post_id>9</wp:post_id><wp:status>inherit</wp:status><wp:post_type>attachment</wp:post_type></item>
<item><title>菜单</title><wp:post_id>10</wp:post_id><wp:status>publish</wp:status><wp:post_type>nav_menu_item</wp:post_type></item>
</channel></rss>"""


def made(text: str | bytes, name: str = "a/feed.xml", **options: str) -> list[Article | Failure]:
    data = text.encode() if isinstance(text, str) else text
    reading = read_file(data, PostFile(name, f"/x/{name}", len(data), 0), ReadOptions(**options))  # type: ignore[arg-type]
    return [entry.made for entry in reading.entries]


def articles(text: str | bytes, name: str = "a/feed.xml", **options: str) -> list[Article]:
    found = made(text, name, **options)
    assert all(isinstance(one, Article) for one in found), found
    return [one for one in found if isinstance(one, Article)]


def test_rss() -> None:
    tea, fish = articles(RSS)
    assert (tea.id, tea.title, tea.source, tea.author) == ("a/feed.xml#tea-1", "采茶 & 制茶", "山间周报", "周渔")
    assert tea.paragraphs == ("清明前三天最好。", "茶园在半山。", "炒青", "锅要热。")
    assert [tea.paragraphs[at] for at in tea.headings] in ([], ["炒青"])
    assert tea.categories == ("农事", "茶")
    assert tea.date is not None
    assert tea.date.isoformat() == "2021-10-27T02:08:49+00:00"
    assert (tea.url, tea.path) == ("https://example.org/tea", "/x/a/feed.xml")
    assert (fish.id, fish.paragraphs) == ("a/feed.xml#https://example.org/fish", ("江水涨了。",))


def test_atom_in_another_encoding_and_under_another_name() -> None:
    for name in ("feed.xml", "saved.atom", "feed.html"):
        (night,) = articles(ATOM.replace('1.0"?', '1.0" encoding="gb2312"?', 1).encode("gb2312"), name)
        assert (night.id, night.title, night.author) == (f"{name}#urn:1", "夜渡", "阿舟")
        assert (night.paragraphs, night.categories, night.source) == (("灯在对岸。",), ("船",), "渡口")


def test_wordpress() -> None:
    wall, about = articles(WXR)
    assert (wall.id, wall.title, wall.author, wall.source) == ("a/feed.xml#7", "砌墙", "石匠", "旧博客")
    assert (wall.paragraphs, wall.categories, wall.tags) == (("先打地基。",), ("手艺",), ("石头",))
    assert wall.date is not None
    assert wall.date.isoformat() == "2020-01-02T01:30:00+00:00"
    assert not wall.draft
    assert (about.paragraphs, about.draft) == (("第一段。", "第二段。"), True)
    assert about.date is not None
    assert about.date.isoformat() == "2020-02-01T16:00:00+00:00"  # Beijing time


def test_the_source_of_a_feed_comes_before_the_one_given() -> None:
    assert articles(RSS, source="别处")[0].source == "山间周报"
    assert articles(RSS.replace("<title>山间周报</title>", ""), source="别处")[0].source == "别处"


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE r [<!ENTITY a "哈"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!-- <rss> --><!DOCTYPE r [ <!ENTITY % p SYSTEM "http://127.0.0.1/x"> %p; ]>',
        '<!doctype r\n[\n<!ENTITY a "哈">]>',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_declared_entities_are_refused(declared: str, encoding: str) -> None:
    feed = f'<?xml version="1.0"?>{declared}<rss version="2.0"><channel><item><title>&a;</title></item></channel></rss>'
    with pytest.raises(CorpusError, match="refused"):
        made(feed.encode(encoding))


def test_entities_behind_the_first_are_not_expanded() -> None:
    """Two document types are no XML; whatever a parser makes of them, no file is read."""
    feed = '<!DOCTYPE rss><!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/hostname">]><rss><channel/></rss>'
    with pytest.raises(CorpusError):
        made(feed)


def test_other_xml_is_no_feed() -> None:
    for text in ("<urlset><url/></urlset>", '<?xml version="1.0"?><project>x</project>', "<!-- a -->", "", "no xml"):
        with pytest.raises(NoArticlesError):
            made(text)


def test_a_page_that_begins_as_xml_is_a_page() -> None:
    page = (
        '<?xml version="1.0"?><!DOCTYPE html><html><head><title>页</title></head><body><p>正文在此。</p></body></html>'
    )
    assert "正文在此。" in articles(page, "a.html")[0].paragraphs


def test_a_feed_that_is_cut_off_gives_what_is_whole() -> None:
    found = made(RSS[: RSS.index("<description>&lt;p&gt;")])
    assert isinstance(found[0], Article)
    assert found[0].title == "采茶 & 制茶"


def test_no_feed_inside_the_tags_of_one() -> None:
    with pytest.raises(CorpusError, match="not a feed"):
        made("<rss <<<>>> \0")


def test_an_entry_without_anything_is_a_failure() -> None:
    (failure,) = made("<rss version='2.0'><channel><item><guid>1</guid></item></channel></rss>")
    assert isinstance(failure, Failure)
    assert "without title and text" in failure.reason
