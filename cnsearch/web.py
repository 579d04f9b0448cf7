"""The page to search with and the HTTP interface, for programs that serve them themselves. Needs ``cnsearch[web]``.

    from cnsearch.web import WEB_LIMITS, WebSettings, create_app

    index = cnsearch.open_index("index", limits=WEB_LIMITS)
    app = create_app(index, WebSettings(title="My articles"))

``app`` is an ASGI application; Starlette and FastAPI mount it: ``outer.mount("/search", app)``.
"""

from cnsearch.faces.web.app import create_app
from cnsearch.faces.web.settings import WEB_LIMITS, WebSettings

__all__ = ["WEB_LIMITS", "WebSettings", "create_app"]
