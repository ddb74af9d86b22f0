"""The gallery in a browser that has no window: pictures, widths, filters, copy buttons, and an accessibility check where its script is at hand.

The pages are served from this machine and driven by a script in a frame beside them. Skipped, with a message, where there is no Chromium.
`MTRL_AXE` names `axe.min.js` (npm package axe-core, for development alone).
"""

import functools
import html
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import threading

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
AXE = os.environ.get("MTRL_AXE", "")
ALONE = ("index.html", "speed.html")
PAGES = (*ALONE, *(f"{path.parent.name}/index.html" for path in sorted((ROOT / "figures").glob("*/index.html"))))

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium on this machine: the pages were not opened")

DRIVER = """<!doctype html><title>driver</title><iframe id="page" style="border:0;height:900px" width="%(width)d" src="%(page)s"></iframe>
<iframe id="bare" sandbox="allow-same-origin" style="border:0;height:900px" width="%(width)d" src="%(page)s"></iframe>
<pre id="result"></pre><script>
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
addEventListener("load", async () => {
  const page = document.getElementById("page").contentWindow, doc = page.document, out = {};
  try {
    for (const part of doc.querySelectorAll("details")) part.open = true;
    for (const image of doc.images) image.loading = "eager";
    for (let i = 0; i < 100 && [...doc.images].some((image) => !image.complete); i++) await wait(50);
    const visible = (part) => part.getClientRects().length > 0;
    out.tabs = [...doc.querySelectorAll("[role=tablist]")].map((list) => {
      const tabs = [...list.querySelectorAll("[role=tab]")], panels = tabs.map((tab) => doc.getElementById(tab.getAttribute("aria-controls")));
      return tabs.every((tab, i) => {
        const next = (i + 1) %% tabs.length;
        const before = panels.every((panel, j) => visible(panel) === (i === j)) && tab.tabIndex === 0 && tab.ariaSelected === "true";
        tab.focus();
        tab.dispatchEvent(new page.KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
        return before && visible(panels[next]) && doc.activeElement === tabs[next];
      });
    });
    const plain = document.getElementById("bare").contentDocument;
    out.unscripted = [...plain.querySelectorAll(".variants")].map((box) => {
      const picks = [...box.querySelectorAll(".pick")], panels = [...box.querySelectorAll(".variant")];
      return picks.every((pick, i) => {
        box.querySelector(`label[for="${pick.id}"]`).click();
        return pick.checked && panels.every((panel, j) => visible(panel) === (i === j));
      }) && panels.some(visible);
    });
    for (const panel of doc.querySelectorAll(".variant")) panel.hidden = false;
    out.missing = [...doc.images].filter((image) => !image.naturalWidth).map((image) => image.src);
    out.overflow = doc.documentElement.scrollWidth - doc.documentElement.clientWidth;
    const shown = () => [...doc.querySelectorAll(".figures > li")].filter((item) => item.offsetParent);
    const form = doc.getElementById("filters");
    if (form) {
      out.all = shown().length;
      out.filtered = {};
      for (const name of ["kind", "verdict", "data", "preset"]) {
        for (const option of [...form.elements[name].options].slice(1)) {
          form.elements[name].value = option.value;
          form.dispatchEvent(new page.Event("input"));
          out.filtered[`${name}=${option.value}`] = shown().every((item) => item.dataset[name].split("|").includes(option.value))
            && shown().length === [...doc.querySelectorAll(".figures > li")].filter((item) => item.dataset[name].split("|").includes(option.value)).length;
          form.elements[name].value = "";
        }
      }
      form.elements.text.value = "no such words anywhere";
      form.dispatchEvent(new page.Event("input"));
      out.none = shown().length;
    }
    const button = doc.querySelector("button.copy");
    if (button) {
      let copied = "";
      page.navigator.clipboard.writeText = async (text) => { copied = text; };
      button.click();
      await wait(50);
      out.copied = copied === doc.getElementById(button.dataset.copy).textContent && button.textContent === "Copied";
    }
    if (page.axe === undefined && "%(axe)s") {
      const script = doc.createElement("script");
      script.src = "/axe.min.js";
      doc.head.append(script);
      await new Promise((done) => script.addEventListener("load", done));
    }
    if (page.axe) {
      const found = await page.axe.run(doc, { resultTypes: ["violations"] });
      out.serious = found.violations.filter((v) => ["serious", "critical"].includes(v.impact))
        .map((v) => `${v.id}: ${v.nodes.length} x ${v.nodes[0].html}`);
    }
  } catch (error) { out.error = String(error); }
  document.getElementById("result").textContent = JSON.stringify(out);
});
</script>"""


UNSCRIPTED = "Blocked script execution"  # what the console says of the frame that shows the page without scripts


class Handler(http.server.SimpleHTTPRequestHandler):
    """The gallery's folder, and `/drive?page&width` beside it."""

    def do_GET(self):  # noqa: N802
        path, _, query = self.path.partition("?")
        if path not in ("/drive", "/axe.min.js"):
            return super().do_GET()
        if path == "/drive":
            page, width = query.split("&")
            body, kind = (DRIVER % {"page": f"/{page}", "width": int(width), "axe": AXE}).encode(), "text/html"
        else:
            body, kind = pathlib.Path(AXE).read_bytes(), "text/javascript"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        return None

    def log_message(self, *arguments):
        """Nothing."""


@pytest.fixture(scope="module")
def address():
    """A server of the gallery on a free port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=ROOT / "figures"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def drive(address, page, width, folder):
    """What the driver found, and what the browser's console said."""
    done = subprocess.run(
        [
            BROWSER,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={folder}",
            f"--window-size={max(width, 500)},900",
            "--enable-logging=stderr",
            "--virtual-time-budget=60000",
            "--dump-dom",
            f"{address}/drive?{page}&{width}",
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    result = re.search(r'<pre id="result">(.*?)</pre>', done.stdout, re.DOTALL)
    assert result and result[1], done.stderr[-2000:]
    said = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return json.loads(html.unescape(result[1])), [line for line in said if UNSCRIPTED not in line]


@pytest.mark.parametrize("page", PAGES)
def test_page(address, tmp_path, page):
    """No missing picture, no error, no scrolling sideways, filters that filter, copy buttons that copy, tabs by keyboard and
    without scripts, no serious barrier."""
    for width in (360, 1280):
        found, console = drive(address, page, width, tmp_path / "profile")
        assert not console and "error" not in found
        assert found["missing"] == [] and found["overflow"] <= 0
        assert found.get("serious", []) == []
    if page == "index.html":
        assert found["all"] > 0 and found["none"] == 0
        assert all(found["filtered"].values()), found["filtered"]
    elif page not in ALONE:
        assert found["copied"]
        assert all(found["tabs"]) and all(found["unscripted"]) and found["unscripted"]
        assert len(found["tabs"]) == (ROOT / "figures" / page).read_text().count('class="tabnote"')
