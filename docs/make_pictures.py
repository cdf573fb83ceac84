"""Makes the pictures of README.md out of a portal that runs (``make run``), in Chromium.

    .venv/bin/python -m docs.make_pictures http://localhost:8000

The home page and the form, on a phone and on a desk, light and dark, as a visitor sees them.
Nothing is sent: the form is filled in with the name of nobody, and left.
"""

from __future__ import annotations

import base64
import struct
import sys
import zlib
from itertools import product
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page, ViewportSize, sync_playwright

from mcm_portal.embedded import browser

FOLDER = Path(__file__).with_name("pictures")
SCREENS = {
    "phone": (ViewportSize(width=390, height=844), 2),  # points, and dots a point
    "desk": (ViewportSize(width=1280, height=860), 1),
}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

# A page has few colours: the most frequent ones, each standing for those that look like it. How much alike
# is as little as makes them 256: a red star of three dots stays red.
IN_FEW_COLOURS = """async (source) => {
  const image = await createImageBitmap(await (await fetch(source)).blob());
  const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const dots = new Uint32Array(canvas.getImageData(0, 0, image.width, image.height).data.buffer);
  const counts = new Map();
  for (const dot of dots) counts.set(dot, (counts.get(dot) || 0) + 1);
  const colours = [...counts].sort((one, other) => other[1] - one[1]).map(([colour]) => colour);
  const parts = (colour) => [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255];
  const far = (one, other) => one.reduce((sum, part, i) => sum + (part - other[i]) ** 2, 0);
  let palette, alike = 0;
  do {
    palette = [];
    for (const colour of colours.map(parts))
      if (palette.length <= 256 && palette.every((kept) => far(kept, colour) > alike)) palette.push(colour);
    alike += 6;
  } while (palette.length > 256);
  const place = new Map();
  for (const colour of colours) {
    const distances = palette.map((kept) => far(kept, parts(colour)));
    place.set(colour, distances.indexOf(Math.min(...distances)));
  }
  const indices = Uint8Array.from(dots, (dot) => place.get(dot));
  let text = "";
  for (let i = 0; i < indices.length; i += 30000)
    text += String.fromCharCode(...indices.subarray(i, i + 30000));
  return [image.width, image.height, palette.flat(), btoa(text)];
}"""


def show_home(page: Page) -> None:
    """Open the home page."""
    page.goto("/")


def show_form(page: Page) -> None:
    """Accept the terms and fill in the form down to the password, whose rules are seen at work."""
    page.goto("/college/conditions/")
    page.locator("main input[type=checkbox]").check()
    page.locator("main button[type=submit]").click()
    page.locator("#id_profile").select_option("responsable")
    page.locator("#id_first_name").fill("Jeanne")
    page.locator("#id_last_name").fill("L'Haÿ")
    page.locator("#id_username").fill("jeanne.lhay")
    page.locator("#id_password").fill("Trois-cygnes")
    page.locator("#id_password-rules").evaluate(
        "rules => { rules.scrollIntoView({block: 'end'}); scrollBy(0, 24); }"
    )


def small_png(shot: bytes, workshop: Page) -> bytes:
    """Write a screenshot again as a PNG of at most 256 colours; Chromium reads it (in ``workshop``)."""
    source = "data:image/png;base64," + base64.b64encode(shot).decode()
    width, height, palette, indices = workshop.evaluate(IN_FEW_COLOURS, source)
    dots = base64.b64decode(indices)
    rows = b"".join(b"\0" + dots[start : start + width] for start in range(0, width * height, width))

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            chunk(b"PLTE", bytes(palette)),
            chunk(b"IDAT", zlib.compress(rows, 9)),
            chunk(b"IEND", b""),
        )
    )


def main(site: str) -> None:
    """Make every picture of the portal at ``site``."""
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser.find_or_install(), args=["--no-sandbox"]
        )
        workshop = chromium.new_page()
        for (screen, (viewport, scale)), scheme in product(SCREENS.items(), SCHEMES):
            context = chromium.new_context(
                base_url=site,
                viewport=viewport,
                device_scale_factor=scale,
                color_scheme=scheme,
                locale="fr-FR",
                reduced_motion="reduce",
            )
            page = context.new_page()
            for name, show in (("home", show_home), ("form", show_form)):
                show(page)
                picture = FOLDER / f"{name}-{screen}-{scheme}.png"
                picture.write_bytes(small_png(page.screenshot(), workshop))
                sys.stdout.write(f"{picture.name}: {picture.stat().st_size // 1000} kB\n")
            context.close()
        chromium.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000")
