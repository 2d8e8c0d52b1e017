"""Reports of real runs in a real Chromium without a network: what all these tests begin with."""

import pytest
import reports
from conftest import ROOT, snakemake
from pages import CHROMIUM, LOADED, NAMES, playwright


@pytest.fixture(scope="session")
def chromium():
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """The folders of finished runs; the demo is that of `make demo`."""
    assert (ROOT / "results/report.html").exists(), "run `make demo` first"
    found = {"demo": ROOT}
    for name in NAMES[1:]:
        folder = tmp_path_factory.mktemp(name)
        run = snakemake(folder, getattr(reports, name)(folder), cores=2)
        assert run.code == 0, run.text
        found[name] = folder
    return found


@pytest.fixture
def opened(chromium, folders):
    """Return a function that opens a report; the test fails if the page asks for anything, or
    complains.
    """
    contexts, complaints = [], []

    def open_report(name, address="", width=1280, **more):
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, offline=True, accept_downloads=True, **more
        )
        contexts.append(context)
        page = context.new_page()
        own = (folders[name] / "results/report.html").as_uri()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((own, "data:", "blob:"))
                else complaints.append(request.url)
            ),
        )
        page.goto(f"{own}{address}")
        page.wait_for_function(LOADED)
        return page

    yield open_report
    for context in contexts:
        context.close()
    assert not complaints
