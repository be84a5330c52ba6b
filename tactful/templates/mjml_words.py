"""MJML's vocabulary: which element may stand where, and which attributes it takes.

mrml drops what it does not know without a word, so a misspelt `mj-colum` would take half an email with it. The lists
follow the MJML 4 documentation (documentation.mjml.io), for the elements mrml renders.
"""

from __future__ import annotations

from tactful.strategy.spelling import words

_CONTENT = tuple(
    sorted(
        words("mj-accordion mj-button mj-carousel mj-divider mj-image mj-navbar mj-raw mj-social mj-spacer")
        | words("mj-table mj-text")
    )
)

CHILDREN: dict[str, tuple[str, ...]] = {
    "mjml": ("mj-head", "mj-body"),
    "mj-head": ("mj-attributes", "mj-breakpoint", "mj-font", "mj-preview", "mj-raw", "mj-style", "mj-title"),
    "mj-body": ("mj-hero", "mj-raw", "mj-section", "mj-wrapper"),
    "mj-wrapper": ("mj-hero", "mj-raw", "mj-section"),
    "mj-section": ("mj-column", "mj-group", "mj-raw"),
    "mj-group": ("mj-column", "mj-raw"),
    "mj-column": _CONTENT,
    "mj-hero": _CONTENT,
    "mj-social": ("mj-raw", "mj-social-element"),
    "mj-navbar": ("mj-navbar-link", "mj-raw"),
    "mj-accordion": ("mj-accordion-element", "mj-raw"),
    "mj-accordion-element": ("mj-accordion-text", "mj-accordion-title", "mj-raw"),
    "mj-carousel": ("mj-carousel-image",),
}
"""Elements that hold other MJML elements, and no text."""

WRITTEN = words(
    "mj-accordion-text mj-accordion-title mj-button mj-navbar-link mj-preview mj-raw mj-social-element mj-style"
    " mj-table mj-text mj-title"
)
"""Elements that hold text and, but for titles and previews, HTML."""

EMPTY = frozenset({"mj-breakpoint", "mj-carousel-image", "mj-divider", "mj-font", "mj-image", "mj-spacer"})
"""Elements that hold nothing."""

_PADDING = "padding padding-bottom padding-left padding-right padding-top"
_BORDER = "border border-bottom border-left border-radius border-right border-top"
_FONT = "color font-family font-size font-style font-weight letter-spacing line-height text-decoration text-transform"
_BACKGROUND = (
    "background-color background-position background-position-x background-position-y background-repeat "
    "background-size background-url"
)
_BOX = f"{_BORDER} {_BACKGROUND} {_PADDING} direction full-width text-align text-padding"

_ATTRIBUTES = {
    "mjml": "dir lang owa xmlns",
    "mj-body": "background-color width",
    "mj-breakpoint": "width",
    "mj-font": "href name",
    "mj-style": "inline",
    "mj-section": _BOX,
    "mj-wrapper": f"{_BOX} gap",
    "mj-group": "background-color direction vertical-align width",
    "mj-column": (
        f"{_BORDER} {_PADDING} background-color direction inner-background-color inner-border inner-border-bottom "
        "inner-border-left inner-border-radius inner-border-right inner-border-top vertical-align width"
    ),
    "mj-hero": (
        f"{_BACKGROUND} {_PADDING} align background-height background-width border-radius container-background-color "
        "height inner-background-color inner-padding mode vertical-align width"
    ),
    "mj-text": f"{_FONT} {_PADDING} align background-color container-background-color height vertical-align",
    "mj-button": (
        f"{_FONT} {_PADDING} {_BORDER} align background-color container-background-color height href inner-padding "
        "name rel target text-align title vertical-align width"
    ),
    "mj-image": (
        f"{_PADDING} {_BORDER} align alt container-background-color fluid-on-mobile font-size height href max-height "
        "name rel sizes src srcset target title usemap width"
    ),
    "mj-divider": f"{_PADDING} align border-color border-style border-width container-background-color width",
    "mj-spacer": f"{_PADDING} container-background-color height",
    "mj-table": (
        f"{_FONT} {_PADDING} align border cellpadding cellspacing container-background-color role table-layout width"
    ),
    "mj-social": (
        f"{_FONT} {_PADDING} align border-radius container-background-color icon-height icon-padding icon-size "
        "inner-padding mode table-layout text-padding vertical-align"
    ),
    "mj-social-element": (
        f"{_FONT} {_PADDING} align alt background-color border-radius href icon-height icon-padding icon-position "
        "icon-size name rel sizes src srcset target text-padding title vertical-align"
    ),
    "mj-navbar": (
        f"{_PADDING} align base-url hamburger ico-align ico-close ico-color ico-font-family ico-font-size "
        "ico-line-height ico-open ico-padding ico-text-decoration ico-text-transform"
    ),
    "mj-navbar-link": f"{_FONT} {_PADDING} href name rel target",
    "mj-accordion": (
        f"{_PADDING} border container-background-color font-family icon-align icon-height icon-position "
        "icon-unwrapped-alt icon-unwrapped-url icon-width icon-wrapped-alt icon-wrapped-url"
    ),
    "mj-accordion-element": (
        "background-color border font-family icon-align icon-height icon-position icon-unwrapped-alt "
        "icon-unwrapped-url icon-width icon-wrapped-alt icon-wrapped-url"
    ),
    "mj-accordion-title": f"{_FONT} {_PADDING} background-color",
    "mj-accordion-text": f"{_FONT} {_PADDING} background-color",
    "mj-carousel": (
        "align border-radius container-background-color icon-width left-icon right-icon tb-border tb-border-radius "
        "tb-hover-border-color tb-selected-border-color tb-width thumbnails"
    ),
    "mj-carousel-image": "alt border-radius href rel src target tb-border tb-border-radius thumbnails-src title",
    "mj-raw": "position",
}

ATTRIBUTES: dict[str, frozenset[str]] = {
    tag: words(f"css-class mj-class {names}") for tag, names in _ATTRIBUTES.items()
}
"""What each element takes; one that is not listed takes none."""

ANYWHERE = frozenset(name for names in ATTRIBUTES.values() for name in names) | {"name"}
"""What may stand on `mj-all` and `mj-class` inside `mj-attributes`."""
