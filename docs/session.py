#!/usr/bin/env python3
"""Draws docs/session.svg, the picture of a session in the README.

    docs/session.py                     runs `cargo demo` and draws what it prints; takes about three minutes
    docs/session.py --from FILE         draws a captured session, with its colours, instead; `-` is standard input

Nothing is added to what the program prints. Long runs of similar lines are cut short, with a line that counts the rest.
It needs Python 3.9 and its standard library, no more.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
from html import escape

# The picture is as wide as its longest line, within these bounds; what is longer goes on in the next line.
NARROWEST, WIDEST = 90, 132
# A run of similar lines that is longer than this keeps its first lines, and counts the rest.
LONGEST_RUN = 6
KEPT_OF_RUN = 4

FONT_SIZE = 13
CELL_WIDTH = 7.83
LINE_HEIGHT = 18
PADDING = 18
TITLE_HEIGHT = 34
FONTS = "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"

BACKGROUND, TITLE_BAR, TEXT, FAINT = "#11161d", "#1b222c", "#d5dbe3", "#7d8897"
COLOURS = {
    30: "#5b6675", 31: "#ff7b72", 32: "#7ee787", 33: "#f2cc60", 34: "#79c0ff", 35: "#d2a8ff", 36: "#76d9e6", 37: TEXT,
    90: FAINT, 91: "#ffa198", 92: "#aff5b4", 93: "#f8e3a1", 94: "#a5d6ff", 95: "#e2c5ff", 96: "#b3f0ff", 97: "#ffffff",
}
DEMO = "demo │ "
SEQUENCE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")


class Style:
    """How a piece of text looks."""

    def __init__(self, colour=None, bold=False, faint=False):
        self.colour, self.bold, self.faint = colour, bold, faint

    def after(self, codes):
        """The style once a sequence of SGR codes (ECMA-48, 8.3.117) has been read."""
        colour, bold, faint = self.colour, self.bold, self.faint
        # Colours by number (38;5;n) are not used by the program: they leave the colour as it is.
        codes = re.sub(r"[34]8;(5;\d+|2;\d+;\d+;\d+)", "", codes)
        for code in [int(code or 0) for code in codes.split(";")]:
            if code == 0:
                colour, bold, faint = None, False, False
            elif code == 1:
                bold = True
            elif code == 2:
                faint = True
            elif code == 22:
                bold, faint = False, False
            elif code == 39:
                colour = None
            elif code in COLOURS:
                colour = COLOURS[code]
        return Style(colour, bold, faint)

    def attributes(self):
        colour = self.colour or (FAINT if self.faint else None)
        attributes = f' fill="{colour}"' if colour else ""
        return attributes + (' font-weight="bold"' if self.bold else "")


def pieces(line, style):
    """The line as (style, text) pairs, and the style in which it ends: the next line begins with that."""
    at, found = 0, []
    for match in SEQUENCE.finditer(line):
        if match.start() > at:
            found.append((style, line[at:match.start()]))
        if match.group(2) == "m":
            style = style.after(match.group(1))
        at = match.end()
    if at < len(line):
        found.append((style, line[at:]))
    return found, style


def plain(line):
    return SEQUENCE.sub("", line)


def session_lines(text):
    """What the program itself printed, and the commands. Lines of the demo and of cargo are left out."""
    lines, begun = [], False
    for line in text.replace("\r\n", "\n").split("\n"):
        line = line.rsplit("\r", 1)[-1]
        said = plain(line)
        if not said.startswith(DEMO.rstrip()):
            if begun:
                lines.append(line)
        elif said.startswith(DEMO + "$ "):
            command = said[len(DEMO):]
            lines += ([""] if lines else []) + [f"\x1b[36m$\x1b[0m \x1b[1m{command[2:]}\x1b[0m", ""]
            begun = True
        else:
            begun = False
    return tidy(lines)


def tidy(lines):
    """Without blank lines at either end, and never two blank lines in a row."""
    kept = []
    for line in lines:
        if plain(line).strip() or (kept and plain(kept[-1]).strip()):
            kept.append(line.rstrip())
    while kept and not plain(kept[-1]).strip():
        kept.pop()
    return kept


def shape(line):
    """Lines of the same shape can stand for each other: those that begin with the same mark of a list."""
    found = re.match(r"  ([+~✓=]) \S", plain(line))
    return found.group(1) if found else None


def shortened(lines):
    """Cuts long runs of similar lines short."""
    kept, at = [], 0
    while at < len(lines):
        end = at + 1
        while shape(lines[at]) and end < len(lines) and shape(lines[end]) == shape(lines[at]):
            end += 1
        if end - at > LONGEST_RUN:
            kept += lines[at:at + KEPT_OF_RUN]
            kept.append(f"\x1b[2m  ⋮ {end - at - KEPT_OF_RUN} more lines like these, cut from this picture\x1b[0m")
        else:
            kept += lines[at:end]
        at = end
    return kept


def wrapped(lines, columns):
    """Lines of (style, text) pairs, none longer than the picture is wide."""
    last = Style()
    for line in lines:
        row, room = [], columns
        found, last = pieces(line, last)
        for style, text in found:
            while len(text) > room:
                row.append((style, text[:room]))
                yield row
                text, row, room = text[room:], [], columns
            if text:
                row.append((style, text))
                room -= len(text)
        yield row


def spans(row):
    """Each word or group of words at its own place, so that columns stand whatever font there is."""
    column = 0
    for style, text in row:
        for part in re.finditer(r"\S+(?: \S+)*", text):
            x = PADDING + (column + part.start()) * CELL_WIDTH
            length = len(part.group()) * CELL_WIDTH
            yield (f'<tspan x="{x:.1f}" textLength="{length:.1f}"{style.attributes()}>{escape(part.group())}</tspan>')
        column += len(text)


def svg(lines, title):
    lines = shortened(lines)
    columns = min(WIDEST, max(NARROWEST, *(len(plain(line)) for line in lines)))
    rows = list(wrapped(lines, columns))
    width = round(columns * CELL_WIDTH + 2 * PADDING)
    height = TITLE_HEIGHT + len(rows) * LINE_HEIGHT + 2 * PADDING
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" aria-labelledby="title">',
        f'<title id="title">{escape(title)}</title>',
        f'<rect width="{width}" height="{height}" rx="10" fill="{BACKGROUND}"/>',
        f'<path d="M0 {TITLE_HEIGHT} V10 a10 10 0 0 1 10 -10 H{width - 10} a10 10 0 0 1 10 10 V{TITLE_HEIGHT} z" '
        f'fill="{TITLE_BAR}"/>',
        f'<g font-family="{escape(FONTS)}" font-size="{FONT_SIZE}" fill="{TEXT}">',
        f'<text x="{width / 2:.0f}" y="22" text-anchor="middle" fill="{FAINT}">{escape(title)}</text>',
    ]
    y = TITLE_HEIGHT + PADDING + FONT_SIZE
    for row in rows:
        text = "".join(spans(row))
        if text:
            out.append(f'<text y="{y}">{text}</text>')
        y += LINE_HEIGHT
    return "\n".join(out + ["</g>", "</svg>", ""])


def run_demo():
    """What `cargo demo` prints, colours forced; shown on standard error while it runs."""
    environment = dict(os.environ, CLICOLOR_FORCE="1")
    environment.pop("NO_COLOR", None)
    root = pathlib.Path(__file__).resolve().parent.parent
    with subprocess.Popen(["cargo", "demo"], cwd=root, env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, encoding="utf-8") as demo:
        lines = []
        for line in demo.stdout:
            sys.stderr.write(line)
            lines.append(line)
    if demo.returncode != 0:
        sys.exit(f"cargo demo ended with {demo.returncode}; no picture was drawn")
    return "".join(lines)


def main():
    options = argparse.ArgumentParser(description="Draws docs/session.svg from a session of the program.")
    options.add_argument("--from", dest="source", metavar="FILE", help="a captured session instead of a new one")
    options.add_argument("--output", metavar="FILE", type=pathlib.Path,
                         default=pathlib.Path(__file__).resolve().with_name("session.svg"))
    chosen = options.parse_args()
    if chosen.source is None:
        text = run_demo()
    elif chosen.source == "-":
        text = sys.stdin.buffer.read().decode()
    else:
        text = pathlib.Path(chosen.source).read_text(encoding="utf-8")
    lines = session_lines(text)
    if not lines:
        sys.exit(f"no command of a session was found: a line '{DEMO}$ pipelinectl …' begins one")
    chosen.output.write_text(svg(lines, "pipelinectl on a local AWS: cargo demo"), encoding="utf-8")
    print(f"{chosen.output}: {len(lines)} lines of output")


if __name__ == "__main__":
    main()
