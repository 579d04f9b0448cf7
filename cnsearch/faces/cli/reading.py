"""``show`` and ``analyze``: what an article, and a text, is taken for."""

from __future__ import annotations

import click

from cnsearch.analysis.shown import analyze_text
from cnsearch.faces.cli.options import color_option, index_option, json_option, opened_index, zone_option
from cnsearch.faces.cli.output import colored, print_json
from cnsearch.opening import index_exists


@click.command(epilog="Example: cnsearch show 金融/每经网/上海2035年.md")
@click.argument("article_id", metavar="ID")
@index_option
@click.option("--raw", is_flag=True, help="Beside it what it was made of, as its file has it now.")
@json_option
@color_option
@zone_option
def show(article_id: str, index_path: str, raw: bool, as_json: bool, color: str, time_zone: str) -> None:
    """Print the whole article with this id, cleaned."""
    from cnsearch.faces.terminal import article_text, beside_raw

    with opened_index(index_path, time_zone) as opened:
        article = opened.get(article_id)
        text = opened.raw(article_id) if raw else ""
        in_color = colored(color)
        if as_json:
            print_json({**article.to_dict(opened.time_zone), **({"raw": text} if raw else {})})
        elif raw:
            click.echo(beside_raw(article, text, zone=opened.time_zone, color=in_color), color=in_color)
        else:
            click.echo(article_text(article, zone=opened.time_zone, color=in_color), color=in_color)


@click.command(epilog="Example: cnsearch analyze 數位轉型S-300")
@click.argument("text")
@index_option
@json_option
def analyze(text: str, index_path: str, as_json: bool) -> None:
    """Show how TEXT is folded and cut. The tokenizer is that of the index, if there is one."""
    if index_exists(index_path):
        with opened_index(index_path) as opened:
            analysis = opened.analyze(text)
    else:
        analysis = analyze_text(text)
    if as_json:
        print_json(analysis.to_dict())
    else:
        from cnsearch.faces.terminal import analysis_text

        click.echo(analysis_text(analysis))
