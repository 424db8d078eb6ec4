"""The page: one self-contained file without a script, that says what came out and how good it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.resources import files

import augury
from augury.preview.markup import Html, element, join
from augury.preview.page import POLICY
from augury.report import sections
from augury.report.blocks import Section
from augury.report.distributions import distributions
from augury.report.facts import Facts
from augury.report.figures import Measured
from augury.report.gallery import gallery
from augury.report.made import made
from augury.report.outcome import concerns, paragraph

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def render(facts: Facts, measured: Sequence[Measured]) -> str:
    """Return the page as HTML text that any encoding of Unicode can hold."""
    parts = [
        sections.flow(facts),
        sections.split(facts),
        sections.classes(facts),
        gallery(measured),
        distributions(measured),
        sections.left_out(facts),
        sections.audit(facts),
        made(facts),
        sections.notes(facts),
        sections.recipe(facts),
    ]
    there = [part for part in parts if part is not None]
    main = element("main", *(part.markup for part in there), id="main")
    return whole(f"{facts.name}: report", _header(facts, measured, there), main)


def whole(title: str, header: Html, main: Html) -> str:
    """Return a page of a header and a main part as HTML text, with the style, that loads nothing and runs nothing."""
    words = f"augury {augury.__version__}. This page holds all it shows; it loads nothing and runs nothing."
    skip = element("a", "To the report", href="#main", class_="skip")
    body = element("body", skip, header, main, element("footer", words))
    text = f"<!doctype html>\n{element('html', _head(title), body, lang='en')}\n"
    return _CONTROLS.sub("\ufffd", text)


def _head(title: str) -> Html:
    sheets = [
        files(f"augury.{part}").joinpath("style.css").read_text(encoding="utf-8") for part in ("preview", "report")
    ]
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("title", title),
        *(Html(f"<style>{sheet}</style>") for sheet in sheets),
    )


def _header(facts: Facts, measured: Sequence[Measured], there: Sequence[Section]) -> Html:
    known = join(
        "seed ",
        element("b", str(facts.seed)),
        " · recipe ",
        element("code", facts.recipe_hash[:12]),
        " · content ",
        element("code", facts.content_hash[:12]),
    )
    links = [element("a", part.title, href=f"#{part.name}") for part in there]
    titles = {part.name: part.title for part in there}
    worries = []
    for concern in concerns(facts, measured):
        title = titles.get(concern.place)
        more = join(" ", element("a", title, href=f"#{concern.place}")) if title else None
        mark = join(element("b", "Problem"), ": ") if concern.grave else None
        worries.append(element("li", mark, concern.text, more, class_="grave" if concern.grave else None))
    if not worries:
        worries.append(element("li", "Nothing was left out and nothing was found wrong.", class_="fine"))
    return element(
        "header",
        element("h1", facts.name, element("span", " report")),
        element("p", known, class_="note"),
        element("p", paragraph(facts, measured), class_="lead"),
        element("ul", *worries, class_="concerns", aria_label="What to know first"),
        element("nav", *links, aria_label="Sections"),
    )
