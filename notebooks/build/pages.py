"""Pages written from the notebooks: the README's map of lessons with their times, and RESULTS.md with the claims."""

import html
import json
import re
import tomllib

from .render import duration
from .source import Problem, sources

RESULTS = """# What the lessons claim, and what their committed runs show

A claim is a sentence on which a lesson leans: a number that its run must reach, or must not pass. Each time a notebook is built, it records
the numbers anew. A claim that its number does not bear out stays in the table as **not met**, and the lesson has to say so. The claims
stand in [claims.toml](claims.toml). {count}
"""
READING = re.compile(r"\*\*Time\*\* reading (\d+) min\W+exercises (\d+) min")
HOURS = re.compile(r"\*\*Time\*\* (\d+) to (\d+) hours")


def course(source):
    """What was measured and recorded in the committed run; {} if there is none."""
    path = source.executed
    return json.loads(path.read_text(encoding="utf-8"))["metadata"].get("course", {}) if path.exists() else {}


def head(source):
    """Title, and the sentence under it."""
    paragraphs = [part for part in source.cells()[0].source.split("\n\n") if not part.startswith("{{")]
    return paragraphs[0].lstrip("# "), " ".join(paragraphs[1].split())


def times(source):
    """Minutes that the header asks for: (reading, exercises) of a lesson, (shortest, longest) of a homework."""
    text = "\n".join(cell.source for cell in source.cells() if cell.cell_type == "markdown")
    if not (found := (HOURS if source.homework else READING).search(text)):
        raise Problem(f"{source.path.name}: after **Time** there are no minutes for reading and exercises, or no hours of a homework")
    return tuple(int(number) * (60 if source.homework else 1) for number in found.groups())


def claims(root):
    """Each claim of claims.toml with the number its lesson recorded (`seen`), and what is wrong with it or None."""
    file = root / "notebooks/claims.toml"
    listed = tomllib.loads(file.read_text(encoding="utf-8")).get("claim", []) if file.exists() else []
    numbers = {source.id: course(source).get("records", {}) for source in sources(root)}
    for claim in sorted(listed, key=lambda claim: claim["lesson"]):
        who = f"claims.toml, {claim['lesson']} {claim['name']}"
        seen = numbers.get(claim["lesson"], {}).get(claim["name"])
        claim["seen"] = seen
        if seen is None:
            yield claim, f"{who}: the lesson records no such number"
            continue
        met = claim.get("min", -float("inf")) <= seen <= claim.get("max", float("inf"))
        status = "met" if met else "not met"
        yield claim, None if claim["status"] == status else f"{who}: {seen:.4g} is {status}, the status says {claim['status']}"


def lessons(root):
    """The README's map: picture, title, the sentence under the title, and time for reading + exercises + computing."""
    rows = ["| | lesson | what you do | time |", "|---|---|---|--:|"]
    for source in sources(root):
        if not (measured := course(source)):
            continue
        title, what = head(source)
        picture, minutes = measured.get("picture"), times(source)
        image = f'<img src="notebooks/pictures/{picture["file"]}" width="160" alt="{html.escape(picture["alt"])}">' if picture else ""
        spent = [f"{minutes[0] // 60} to {minutes[1] // 60} h"] if source.homework else [f"{part} min" for part in minutes]
        link = f"[{title}]({source.student.relative_to(root).as_posix()})"
        rows.append(f"| {image} | {link} | {what} | {' + '.join([*spent, duration(measured['seconds'])])} |")
    return "\n" + "\n".join(rows) + "\n"


def hours(root):
    """How long the whole course takes: reading, exercises and runs of the lessons; and the homework."""
    found = {source: times(source) for source in sources(root)}
    lessons = sum(sum(pair) + course(source).get("seconds", 0) / 60 for source, pair in found.items() if not source.homework)
    shortest, longest = (sum(pair[k] for source, pair in found.items() if source.homework) / 60 for k in (0, 1))
    return f"{lessons / 60:.0f} hours of lessons and {shortest:.0f} to {longest:.0f} hours of homework"


def readme(root):
    """README.md with what stands between its markers written anew."""
    text = (root / "README.md").read_text(encoding="utf-8")
    for name, part in (("lessons", lessons), ("hours", hours)):
        pattern = rf"(<!-- {name} -->).*?(<!-- /{name} -->)"
        if re.search(pattern, text, re.S):
            made = part(root)
            text = re.sub(pattern, lambda match, made=made: match[1] + made + match[2], text, flags=re.S)
    return text


def results(root):
    """RESULTS.md: the claims by lesson, with what the committed runs recorded."""
    listed = [claim for claim, _ in claims(root)]
    met = sum(claim["status"] == "met" for claim in listed)
    parts = [RESULTS.format(count=f"{met} of {len(listed)} claims {'is' if met == 1 else 'are'} met.")]
    for source in sources(root):
        if not (mine := [claim for claim in listed if claim["lesson"] == source.id]):
            continue
        parts.append(f"## [{head(source)[0]}]({source.student.relative_to(root / 'notebooks').as_posix()})\n")
        parts.append("| claim | bound | seen | |\n|---|---|--:|---|")
        for claim in mine:
            bounds = [f"{sign} {claim[side]:g}" for side, sign in (("min", "≥"), ("max", "≤")) if side in claim]
            seen = "–" if claim["seen"] is None else f"{claim['seen']:.3g}"
            status = claim["status"] if claim["status"] == "met" else f"**{claim['status']}**"
            parts.append(f"| {claim['text']} | {' and '.join(bounds)} | {seen} | {status} |")
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


PAGES = {"README.md": readme, "notebooks/RESULTS.md": results}


def written(root):
    """The pages that are written here: (file, what it must hold). A README may be missing, it has more than that."""
    for name, page in PAGES.items():
        if (root / name).exists() or name != "README.md":
            yield root / name, page(root)


def write(root):
    for path, text in written(root):
        path.write_text(text, encoding="utf-8")


def drift(root):
    """The pages that differ from what the notebooks give, a sentence each."""
    try:
        wrong = [path for path, text in written(root) if not path.exists() or path.read_text(encoding="utf-8") != text]
    except Problem as problem:
        return [str(problem)]
    return [f"{path.relative_to(root).as_posix()} differs from what the notebooks give; `build` writes it" for path in wrong]
