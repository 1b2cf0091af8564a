"""The XML that Office writes, by local names: both editions of the standard name alike what is alike."""

import re

from lxml import etree

# Office writes none of these, other programs do; they are not XML, but easily left out.
_CONTROL = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|&#(?:x0*(?:[0-8bcef]|1[0-9a-f])|0*(?:[0-8]|1[124-9]|2\d|3[01]));", re.IGNORECASE
)


def parsed(data: bytes | None) -> etree._Element | None:
    """Return an XML part, or None when it is none; entities stay unresolved, nothing is fetched."""
    if not data:
        return None
    # `huge_tree` lifts libxml2's limit of 10 MB a text node; what may be unpacked is bounded already.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        return etree.fromstring(_CONTROL.sub(b"", data), parser)
    except etree.XMLSyntaxError as error:
        if error.code == etree.ErrorTypes.ERR_NO_MEMORY:
            raise MemoryError from None
        return None
    except ValueError:
        return None


def local_name(element: etree._Element) -> str:
    """Return a tag without its namespace; empty for what is no element."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def child(element: etree._Element | None, *path: str) -> etree._Element | None:
    """Return what stands at a path of local names below an element, the first each time."""
    for name in path:
        if element is None:
            return None
        element = next((below for below in element if local_name(below) == name), None)
    return element


def value(element: etree._Element | None, name: str = "val") -> str | None:
    """Return an attribute by its local name."""
    if element is None:
        return None
    return next((text for key, text in element.attrib.items() if key.rpartition("}")[2] == name), None)


def whole_number(text: str | None) -> int | None:
    """Return a small number that is not negative, None for anything else."""
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 10 else None


def switched(properties: etree._Element | None, name: str) -> bool | None:
    """Return whether a property is on or off, None where nothing is said."""
    found = child(properties, name)
    return None if found is None else value(found) not in {"0", "false", "off"}
