"""Take the pictures of the documents anew: the page of results over ``data/``, as a visitor of each language sees it.

make screenshot      # needs Chromium
"""

from __future__ import annotations

import base64
import shutil
import socket
import sys
import tempfile
import threading
from pathlib import Path

import uvicorn
from playwright.sync_api import sync_playwright

import cnsearch
from cnsearch.web import WEB_LIMITS, create_app

ROOT = Path(__file__).parents[1]
SIZE = {"width": 940, "height": 560}
SHOTS = {"en": ("en-GB", "search.webp"), "zh": ("zh-CN", "search.webp")}
QUALITY = 70
QUERY = "/?q=咖啡"


def main() -> int:
    browser_path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser_path is None:
        print("needs Chromium: apt-get install chromium fonts-noto-cjk", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder, cnsearch.open_index(folder, create=True, limits=WEB_LIMITS) as index:
        index.update(ROOT / "data")
        index.search("咖啡")
        with socket.create_server(("127.0.0.1", 0)) as listener, sync_playwright() as playwright:
            server = uvicorn.Server(uvicorn.Config(create_app(index), log_config=None, access_log=False))
            thread = threading.Thread(target=server.run, args=([listener],))
            thread.start()
            browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
            for language, (locale, name) in SHOTS.items():
                page = browser.new_page(viewport=SIZE, locale=locale, color_scheme="light")
                for _ in range(2):  # the first answer is slower, and says so
                    page.goto(f"http://127.0.0.1:{listener.getsockname()[1]}{QUERY}")
                path = ROOT / "docs" / language / name
                taken = page.context.new_cdp_session(page).send(
                    "Page.captureScreenshot", {"format": "webp", "quality": QUALITY}
                )
                path.write_bytes(base64.b64decode(taken["data"]))
                print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")
            browser.close()
            server.should_exit = True
            thread.join()
    return 0


if __name__ == "__main__":
    sys.exit(main())
