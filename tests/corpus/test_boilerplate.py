"""Publishers' boilerplate goes; a sentence of an article that sounds like it stays."""

import re

import pytest

from cnsearch.corpus import boilerplate
from cnsearch.corpus.clean import clean_html

BOILERPLATE = [
    "免责声明：本文内容与数据仅供参考，不构成投资建议，使用前核实。据此操作，风险自担。",
    "声明：证券时报力求信息真实、准确，文章提及内容仅供参考，不构成实质性投资建议，据此操作风险自担",
    "每经记者 夏冰    每经编辑 陈俊杰    ",
    "每经记者：张寿林 每经编辑：马子卿",
    "每经编辑|杜宇 何小桃",
    "封面图片来源：摄图网",
    "封面图片来源：每经记者 杜蔚 摄",
    "如需转载请与《每日经济新闻》报社联系。未经《每日经济新闻》报社授权，严禁转载或镜像，违者必究。",
    "特别提醒：如果我们使用了您的图片，请作者与本站联系索取稿酬。如您不希望作品出现在本站，可联系我们要求撤下您的作品。",
    "　　原标题：上海全面推进城市数字化转型“十四五”规划出炉 包括3大领域20项重点任务 ",
    "海量资讯、精准解读，尽在新浪财经APP",
    "炒股就看金麒麟分析师研报，权威，专业，及时，全面，助您挖掘潜力主题机会！",
    "24小时滚动播报最新的财经资讯和视频，更多粉丝福利扫描二维码关注（sinafinance）",
    "新浪声明：新浪网登载此文出于传递更多信息之目的，并不意味着赞同其观点或证实其描述。",
    "责任编辑：邓健 ",
    "责任编辑：刘玄逸",
    "责任编辑：王凤枝_NT2541",
    "责任编辑：邓健 SF123",
    "责任编辑：阿不都·热依木",
    "（责任编辑：DF075）",
    "(责编：张三、李四)",
    "【编辑:陈文韬】",
    "原文链接：极客公园 责任编辑：宪瑞",
    "责任编辑：万南文章纠错",
    "【本文结束】如需转载请务必注明出处：快科技",
    " - THE END -",
    "—— THE END ——",
    "- END -",
    "（全文完）".strip("（）"),
    "转载请注明出处：快科技",
    "转载请注明出处。",
    "本文系原创，转载请注明来源，谢谢",
    "给作者打赏，鼓励TA抓紧创作！",
    "本文由 @首席数据科学家 原创发布于人人都是产品经理。未经许可，禁止转载。",
    "本文由人人都是产品经理合作媒体 @百度MEUX 授权发布，未经许可，禁止转载。",
    "题图来自 Unsplash，基于CC0协议",
    "券商中国是证券市场权威媒体《证券时报》旗下新媒体，券商中国对该平台所刊载的原创内容享有著作权，未经授权禁止转载，"
    "否则将追究相应法律责任。",
    "特别声明：以上内容(如有图片或视频亦包括在内)为自媒体平台“网易号”用户上传并发布，本平台仅提供信息存储服务。",
    "特别声明：以上文章内容仅代表作者本人观点，不代表新浪网观点或立场。",
    "该文观点仅代表作者本人，36氪平台仅提供信息存储空间服务。",
    "郑重声明：东方财富网发布此信息的目的在于传播更多信息，与本网站立场无关。",
    "风险提示及免责条款 市场有风险，投资需谨慎。本文不构成个人投资建议，也未考虑到个别用户特殊的投资目标。",
    "如果发现译文存在错误或其他需要改进的地方，欢迎到 掘金翻译计划 对译文进行修改并 PR，也可获得相应奖励积分。"
    "文章开头的 本文永久链接 即为本文在 GitHub 上的 MarkDown 链接。",
    "掘金翻译计划 是一个翻译优质互联网技术文章的社区，文章来源为 掘金 上的英文分享文章。内容覆盖 Android、iOS 等领域。",
    "本文由 LCTT 原创翻译，Linux中国 荣誉推出",
    "“这是我参与8月更文挑战的第16天，活动详情查看：8月更文挑战”",
    "扫描二维码关注我们",
    "长按识别下方二维码，关注每日经济新闻公众号",
    "微信扫一扫关注该公众号",
    "扫码分享",
    "本文来源：网易科技报道",
    "点击查看更多",
    "返回搜狐，查看更多",
]

ARTICLE = [
    "他在免责声明中写道：“本文内容仅供参考，据此操作，风险自担。”",
    "免责声明：这四个字出现在每一份合同里，却很少有人读完，律师说，据此操作，风险自担的条款并不总是有效。",
    "免责声明：什么时候有效",
    "该公司声明：一切风险自担，投资者对此并不买账。",
    "每经记者从上海市经信委获悉，规划已经发布。",
    "每经记者 夏冰在现场看到，展馆里排起了长队。",
    "每经记者实地探访",
    "封面图片来源：一张照片如何成为全球封面，摄影师讲述了那个漫长的下午和随后几个月里发生的一切故事。",
    "原标题一直没有改。",
    "这本书的原标题：《数字化生存》在中文版里被保留。",
    "海量资讯、精准解读，尽在新浪财经APP，这是该公司沿用多年的口号。",
    "责任编辑：邓健说，这很重要",
    "责任编辑：一个正在消失的职业，他们如何看待自己的工作？",
    "责任编辑的工作是核对每一个数字。",
    "他打开编辑：按下删除键，文件就没有了。",
    "THE END of History 是福山的书。",
    "The End",
    "END",
    "转载请注明出处的做法由来已久，却没有多少人遵守。",
    "法院认为，平台对该内容享有著作权，未经授权禁止转载的条款有效。",
    "他扫描二维码后，发现账户里的钱没有了。",
    "扫描二维码支付已成为日常，菜市场也不例外。",
    "商户请顾客扫描二维码，加入会员群后才能打折，引起了消费者协会的注意。",
    "识别二维码的算法分为三步。",
    "二维码",
    "给作者打赏是平台的新功能。",
    "题图来自何处，他没有说。",
    "特别声明：公司股票自明日起停牌。",
    "本文来源于一次偶然的谈话，那时我们都还年轻，谁也没有想到后来会有这么多人读到它，也没有想到它会改变什么。",
    "点击查看更多按钮之后，页面会卡住三秒。",
    "本文由人工智能写成。",
    "掘金翻译计划的译者们聚在一起。",
    "市场有风险，投资需谨慎。",
    "（记者 蔡鼎）",
    "来源：湖北日报",
    "作者：陈新涛，现任转转数据负责人。",
    "译者：wxy 校对：wxy",
    "编者按：本文来自微信公众号“新智元”（ID:AI_era），作者：新智元，编辑：LQ，36氪经授权发布。",
]


def cleaned(text: str) -> list[str]:
    return list(clean_html(f"<p>前文。</p><p>{text}</p><p>后文。</p>").paragraphs)[1:-1]


@pytest.mark.parametrize("text", BOILERPLATE)
def test_boilerplate_goes(text: str) -> None:
    assert cleaned(text) == []


@pytest.mark.parametrize("text", [text for text in ARTICLE if text != "The End"])
def test_a_sentence_of_the_article_stays(text: str) -> None:
    assert cleaned(text) == [text]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("规划已经发布。责任编辑：邓健", "规划已经发布。"),
        ("规划已经发布。（责任编辑：邓健）", "规划已经发布。"),
        ("规划已经发布。 (责编:张三、李四)", "规划已经发布。"),
        ("规划已经发布。返回搜狐，查看更多", "规划已经发布。"),
        ("他的职务是责任编辑：邓健", "他的职务是责任编辑：邓健"),
        ("规划已经发布。责任编辑：邓健说，这很重要", "规划已经发布。责任编辑：邓健说，这很重要"),
    ],
)
def test_tails_go_after_a_sentence(text: str, kept: str) -> None:
    assert cleaned(text) == [kept]


def test_code_is_never_boilerplate() -> None:
    assert clean_html("<pre>责任编辑：邓健\n- THE END -</pre>").paragraphs == ("责任编辑：邓健", "- THE END -")


@pytest.mark.parametrize(
    "html",
    [
        '<div class="clearfix appendQr_wrap"><div class="appendQr_normal"><img></div><div>随便什么文字</div></div>',
        '<p class="article-editor">责任编辑：邓健 </p>',
        '<p class="ori_titlesource">　　原标题：随便</p>',
        '<p class="u-time"><span class="source">每日经济新闻</span></p>',
        '<div class="typeTags"><a class="typeTag">影视</a></div>',
        '<p class="nbd-mzsm" style="color: red;">随便什么文字</p>',
        '<p class="end"> - THE END -</p><p class="zhuanzai">随便</p><p class="bqian"><a><i>#</i>谷歌</a></p>'
        '<p class="url">\n<span>责任编辑：宪瑞</span>\n</p>',
        '<div class="support-author"><div>给作者打赏，鼓励TA抓紧创作！</div><button><svg/>赞赏</button></div>',
        '<div class="article-side sideTop" style="display:none;"><span class="count">7</span></div>',
        '<div class="ad-disclaimer-container"><p class="disclaimer-affiliate">FTC: We use affiliate links.</p></div>',
        '<a data-draft-type="mcn-link-card" href="x"><span>￥99 去购买</span></a>',
        '<div class="social-share"><a>微博</a></div><div class="bdsharebuttonbox"><a>QQ</a></div>',
        '<div class="post_qrcode"><p>用微信看</p></div><div id="qrcode-box">x</div><div class="QR-code">y</div>',
        '<pre><code>x = 1<span class="copy-code-btn">复制代码</span></code></pre>'.replace("x = 1", ""),
    ],
)
def test_widgets_go(html: str) -> None:
    assert clean_html(f"<p>前文。</p>{html}<p>后文。</p>").paragraphs == ("前文。", "后文。")


def test_the_copy_button_in_code_goes_and_the_code_stays() -> None:
    html = '<pre><code>x = 1\n<span class="copy-code-btn">复制代码</span></code></pre>'
    assert clean_html(html).paragraphs == ("x = 1",)


@pytest.mark.parametrize("name", ["aqr", "qrs", "square", "qr", "timeline", "articles", "editor"])
def test_other_classes_stay(name: str) -> None:
    assert clean_html(f'<p class="{name}">文</p>').paragraphs == ("文",)


def test_every_rule_has_a_trigger_and_a_publisher() -> None:
    """The one search that saves the others must not hide a rule: each text here passes it."""
    for text in BOILERPLATE:
        assert boilerplate.has_boilerplate(text), text
    for publisher, pattern in boilerplate.WHOLE_RULES + boilerplate.TAIL_RULES:
        assert publisher
        assert not re.search(r"(?<!\\)[*+]", pattern), pattern  # open quantifiers take time on hostile text


def test_each_rule_is_tested() -> None:
    unseen = [
        (publisher, pattern)
        for publisher, pattern in boilerplate.WHOLE_RULES
        if not any(re.fullmatch(pattern, " ".join(text.split())) for text in BOILERPLATE)
    ]
    assert [publisher for publisher, _ in unseen] == [
        "IT之家",
        "虎嗅",
        "雷锋网",
        "爱范儿",
        "少数派",
        "澎湃新闻",
        "百度",
        "掘金翻译计划",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "广告声明：文内含有的对外跳转链接（包括不限于超链接、二维码、口令等形式），用于传递更多信息，IT之家所有文章均包含本声明。",
        "本内容为作者独立观点，不代表虎嗅立场。未经允许不得转载，授权事宜请联系 hezuo@huxiu.com",
        "雷锋网原创文章，未经授权禁止转载。详情见转载须知。",
        "#欢迎关注爱范儿官方微信公众号：爱范儿（微信号：ifanr），更多精彩内容第一时间为您奉上。",
        "> 下载 少数派 2.0 客户端、关注 少数派公众号，解锁全新阅读体验",
        "（本文来自澎湃新闻，更多原创资讯请下载“澎湃新闻”APP）",
        "举报/反馈",
        "译文出自：掘金翻译计划",
        "本文永久链接：https://github.com/xitu/gold-miner/blob/master/TODO1/x.md",
    ],
)
def test_rules_of_further_publishers(text: str) -> None:
    assert cleaned(text.replace(">", "&gt;")) == []
