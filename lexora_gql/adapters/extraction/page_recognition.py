"""Inside the child: the text of one page of a PDF, recognised from how it looks (OCR).

RapidOCR brings its models in its wheel; each is named by its path, so that nothing is ever downloaded.
"""

import importlib
import importlib.util
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from lexora_gql.adapters.extraction import failures
from lexora_gql.adapters.extraction.cleaning import clean_text, squeeze_blank_lines
from lexora_gql.adapters.extraction.hyphenation import join_hyphenated, mark_hyphens
from lexora_gql.adapters.extraction.limits import MEBIBYTE, Limits
from lexora_gql.adapters.extraction.pdf_layout import lay_out
from lexora_gql.adapters.extraction.pdf_lines import Line, Page
from lexora_gql.adapters.extraction.pdf_pages import open_pdf
from lexora_gql.adapters.extraction.reading_order import Box, in_rows
from lexora_gql.ports.text_extractor import ExtractedText

if TYPE_CHECKING:
    import numpy as np

    # Blue, green and red of each pixel, (height, width, 3).
    Picture = np.ndarray[Any, np.dtype[np.uint8]]

# A page of 80 lines takes 5 seconds of computing and 1 GiB here, one of few lines 1 second; older machines take longer.
LIMITS = Limits(cpu_seconds=30, memory_bytes=2_048 * MEBIBYTE, wall_seconds=60.0)
# Not onnxruntime: it starts a thread when it is imported, which a fork would cut off.
MODULES = ("cv2", "rapidocr.main")
# More takes longer and finds no more, which was tried on four pages.
RESOLUTION = 150
SIDE_PIXELS_MAX = 2_000
POINTS_AN_INCH = 72
THREADS = 1
# Drawings are taken for single letters; a page of text has at least one word, or two ideographs.
_WORD = re.compile("[^\\W_]{3}|[\u3040-\u9fff\uac00-\ud7af]{2}")
MODELS = {"Det": "*_det_*.onnx", "Rec": "*_rec_*.onnx"}


class Found(Protocol):
    """What RapidOCR returns; None where it found nothing.

    Attributes:
        boxes: Four corners each, (lines, 4, 2), y going down.
        txts: The text of each.
    """

    boxes: "np.ndarray[Any, np.dtype[np.float32]]"
    txts: tuple[str, ...] | None


Engine = Callable[["Picture"], Found]


def is_installed() -> bool:
    """Whether the extra `ocr` is there."""
    return all(importlib.util.find_spec(name) is not None for name in ("rapidocr", "onnxruntime"))


def recognise_page(
    source: BinaryIO, _progress: Callable[[int, int | None], None], *, number: int
) -> Iterator[ExtractedText]:
    """Yield what can be recognised on a page, perhaps nothing.

    Args:
        source: The PDF.
        number: Of the page, from 1.

    Raises:
        ExtractionFailed: ENCRYPTED or CORRUPT.
    """
    picture = _picture(source.read(), number)
    page = _recognised(picture) if picture.min() < picture.max() else Page(())
    [text] = join_hyphenated([mark_hyphens(lay_out(page))])
    text = squeeze_blank_lines(clean_text(text))
    yield ExtractedText(text=text if _WORD.search(text) else "")


def _picture(data: bytes, number: int) -> "Picture":
    document = open_pdf(data)
    if document is None or not 0 < number <= len(document):
        raise failures.corrupt("PDF")
    page = document[number - 1]
    scale = min(RESOLUTION / POINTS_AN_INCH, SIDE_PIXELS_MAX / max(page.get_size()))
    picture: Picture = page.render(scale=scale).to_numpy()
    return picture


def _recognised(picture: "Picture") -> Page:
    found = _engine()(picture)
    if found.txts is None:
        return Page(())
    boxes = [
        Box(min(xs), max(xs), -max(ys), -min(ys))
        for corners in found.boxes.tolist()
        for xs, ys in [zip(*corners, strict=True)]
    ]
    lines = [
        Line(" ".join(found.txts[place] for place in row).strip(), boxes[row[0]].left, boxes[row[0]].bottom)
        for row in in_rows(boxes)
    ]
    return Page(tuple(line for line in lines if line.text))


def _engine() -> Engine:
    rapidocr = importlib.import_module("rapidocr")
    folder = Path(rapidocr.__file__ or "").parent / "models"
    models = {f"{step}.model_path": str(next(folder.glob(pattern))) for step, pattern in MODELS.items()}
    threads = {f"EngineConfig.onnxruntime.{which}_op_num_threads": THREADS for which in ("intra", "inter")}
    # Lines are not turned round, as sound ones suffer by it; nor padded to the longest beside them.
    ways = {"Global.use_cls": False, "Rec.rec_batch_num": 1, "Global.log_level": "critical"}
    engine: Engine = rapidocr.RapidOCR(params=models | threads | ways)
    return engine
