"""Updates the web page's third-party scripts: ``make vendor``.

The repository contains them as published, so that the page needs no build and no CDN.
"""

import shutil
import tempfile
from pathlib import Path
from typing import Final

from tools.vendor_npm import NpmPackage

__all__ = ["FILES", "FOLDER", "LIT", "main"]

LIT: Final = NpmPackage(
    "lit-html",
    "3.3.3",
    "sha512-el8M6jK2o3RXBnrSHX3ZKrsN8zEV63pSExTO1wYJz7QndGYZ8353e2a5PPX+qHe2aGayfnchQmkAojaWAREOIA==",
)
FILES: Final = {
    "LICENSE": "2b66f9390afde29edfe4314daff93f01fb182e1178053e228120178987e5db75",
    "directive-helpers.js": "f7fb1154b8f72ed2cc08b05eaeed71c99270e9ad2d48620ed24688a1af4c2b62",
    "directive.js": "3344c4f41c69cd0701d3937e8f9ef90bd845614bf6456d0b8314b7c51d415b9d",
    "directives/repeat.js": "083140026ecd8665fedd15b17769f9d516252a9f1502f1e91e6967686ee82626",
    "lit-html.js": "b878e7f95dec8a9b6e9b217faca6b6a11bad82ebc44c0caa77419ed83edd81f2",
}
"""SHA-256 of each file; a test verifies them."""
FOLDER: Final = Path(__file__).parent.parent / "web/ui/static/vendor/lit-html"


def main() -> None:
    """Download the pinned version and replace the files."""
    with tempfile.TemporaryDirectory() as directory:
        package = LIT.unpack(Path(directory))
        shutil.rmtree(FOLDER, ignore_errors=True)
        for name in FILES:
            target = FOLDER / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(package / name, target)
    print(f"{LIT.name} {LIT.version} is in {FOLDER}")


if __name__ == "__main__":
    main()
