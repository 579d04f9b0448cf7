"""``serve``: the page to search with, and the HTTP interface."""

from __future__ import annotations

import errno
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import click

from cnsearch.faces.cli.options import Number, index_option, opened_index, zone_option
from cnsearch.faces.cli.output import say
from cnsearch.faces.messages.spoken import _, _n
from cnsearch.opening import open_index

if TYPE_CHECKING:
    from cnsearch.faces.web.settings import WebSettings


@click.command(epilog="Example: cnsearch serve --open")
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(exists=True))
@index_option
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where to listen.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one.")
@click.option("--open", "open_page", is_flag=True, help="Open the page in a browser.")
@click.option("--watch", is_flag=True, help="Bring in what changes in PATH, or in the folders indexed before.")
@click.option("--title", default="cnsearch", show_default=True, metavar="NAME", help="What the page calls itself.")
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="A name under which it may be asked for, besides addresses in numbers; repeat for more.",
)
@click.option("--token", envvar="CNSEARCH_TOKEN", default="", help="What requests must bring (or set CNSEARCH_TOKEN).")
@click.option("--user", default="", metavar="NAME", help="Ask browsers for this name and a password.")
@click.option("--password", envvar="CNSEARCH_PASSWORD", default="", help="The password (or set CNSEARCH_PASSWORD).")
@click.option("--cors", "origins", multiple=True, metavar="ORIGIN", help="A site whose pages may read the JSON.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that answer.")
@click.option(
    "--query-seconds",
    type=Number(0, min_open=True),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="A search that takes longer is ended.",
)
@click.option("--synonyms", envvar="CNSEARCH_SYNONYMS", metavar="FILE", help="As in search.")
@click.option("--quiet", "-q", is_flag=True, help="No line for each request.")
@zone_option
def serve(
    paths: tuple[str, ...],
    index_path: str,
    host: str,
    port: int,
    open_page: bool,
    watch: bool,
    title: str,
    hosts: tuple[str, ...],
    token: str,
    user: str,
    password: str,
    origins: tuple[str, ...],
    workers: int,
    query_seconds: float,
    synonyms: str | None,
    quiet: bool,
    time_zone: str,
) -> int:
    """Serve a page to search with, and the same as JSON. Read only; to this machine only, unless --host says otherwise.

    With --watch, PATH is indexed first, and what changes in it later is brought in.
    """
    if paths and not watch:
        raise click.UsageError(_("PATH goes with --watch; index it once with: cnsearch index PATH"))
    if bool(user) != bool(password):
        raise click.UsageError(_("--user and --password go together"))
    try:
        from cnsearch.faces.web.serving import Served, Watching, address, bound
        from cnsearch.faces.web.serving import serve as serve_forever
        from cnsearch.faces.web.settings import WebSettings
    except ModuleNotFoundError as error:
        raise click.ClickException(
            _("the page needs the package {name}. Run: pip install 'cnsearch[web]'", name=error.name)
        ) from error
    settings = WebSettings(
        title, hosts=(host, *hosts), token=token, user=user, password=password, origins=origins, seconds=query_seconds
    )
    if watch and paths:
        open_index(index_path, create=True).close()
    with opened_index(index_path, time_zone, synonyms) as opened:
        num_articles = len(opened)
    try:
        listener = bound(host, port)
    except OSError as error:
        raise click.ClickException(_why(error, host, port)) from error
    with ExitStack() as stack:
        stack.enter_context(listener)
        if watch:
            stack.enter_context(Watching(index_path, paths, say))
        where = address(listener, host)

        def ready() -> None:
            say(
                _n(
                    "{n} article at {address} ; end with Ctrl-C",
                    "{n} articles at {address} ; end with Ctrl-C",
                    num_articles,
                    address=where,
                )
            )
            if not _is_this_machine(host) and not _is_guarded(settings):
                say(_("anyone who can reach this machine can read all articles; --token or --user asks for a password"))
            if open_page:
                import webbrowser

                webbrowser.open(where)

        served = Served(index_path, settings, time_zone, synonyms, quiet)
        with suppress(KeyboardInterrupt):
            serve_forever(served, listener, workers=workers, ready=ready)
    return 0


def _why(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return _(
            "the port {port} of {host} is taken; name another with --port, or 0 for a free one",
            port=str(port),
            host=host,
        )
    if error.errno == errno.EACCES:
        return _("the port {port} is not for everyone; name one above 1023 with --port", port=str(port))
    return _(
        "this machine cannot listen at {host}: {reason}; name an address of it with --host",
        host=host,
        reason=error.strerror or str(error),
    )


def _is_this_machine(host: str) -> bool:
    from ipaddress import ip_address

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_guarded(settings: WebSettings) -> bool:
    return bool(settings.token or settings.password)
