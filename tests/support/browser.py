"""The browser that tests look at pages with: the Chromium or Chrome of this machine, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
PROGRAM = next(filter(None, map(shutil.which, BROWSERS)), None)
# A page loads in a second, but not on a machine that is busy with something else.
PATIENCE = 180_000


@contextmanager
def chromium() -> Iterator[Browser]:
    """Starts the browser, and ends it; skips the test where there is none."""
    if PROGRAM is None:
        pytest.skip("there is no Chromium here to look at pages with")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, timeout=PATIENCE)
        try:
            yield browser
        finally:
            browser.close()
