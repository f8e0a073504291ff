"""What the grader writes: the table, a page for each student, and a summary for the teacher."""

import csv
import html
import shutil
from collections import Counter

VERDICTS = ("correct", "wrong", "not attempted", "not run")


def report(run, results, out):
    """Write the table, the pages and the summary from what is known of each student."""
    with open(
        out, "w", newline="", encoding="utf-8-sig", errors="replace"
    ) as file:  # the mark at the start tells spreadsheets that this is UTF-8
        table = csv.writer(file)
        table.writerow(["student", "question", "verdict", "points", "message"])
        for student, result in results.items():
            for name, verdict, message in result["rows"]:
                table.writerow([harmless(student), name, verdict, int(verdict == "correct"), harmless(message)])
    pages = run.folder / "feedback"
    shutil.rmtree(pages, ignore_errors=True)
    pages.mkdir(parents=True)
    for student, result in results.items():
        points = sum(verdict == "correct" for _, verdict, _ in result["rows"])
        rows = [[name, verdict, int(verdict == "correct"), message] for name, verdict, message in result["rows"]]
        about = f"{points} of {len(rows)} points. {result['note']}"
        page(pages / f"{student}.html", f"{run.homework}: {student}", about, ["question", "verdict", "points", "message"], rows)
    rows = []
    for name in run.questions:
        given = [(verdict, message) for result in results.values() for asked, verdict, message in result["rows"] if asked == name]
        counts = Counter(verdict for verdict, _ in given)
        often = Counter(message for verdict, message in given if verdict == "wrong").most_common(1)
        rows.append([name, *(counts[verdict] for verdict in VERDICTS), often[0][0] if often else ""])
    rows.sort(key=lambda row: row[1])
    columns = ["question", *VERDICTS, "most frequent mistake"]
    page(run.folder / "summary.html", f"{run.homework}: {len(results)} students", "The questions most missed come first.", columns, rows)
    lines = [f"{row[0]}: {row[1]} of {len(results)} correct. {row[-1]}".rstrip() for row in rows]
    unwalled = [student for student, result in results.items() if result.get("walled") is False]
    lines += [f"{len(unwalled)} ran without a wall round other files: this system has no Landlock."] if unwalled else []
    return "\n".join([*lines, f"{out}: a row for each student and question. {run.folder}: feedback pages and summary.html."])


def harmless(value):
    """A text that no spreadsheet takes for a formula."""
    return f"'{value}" if value.startswith(("=", "+", "-", "@")) else value


def page(path, title, about, columns, rows):
    """A web page with one table that needs no other file and runs nothing."""

    def row(tag, values):
        return "<tr>" + "".join(f"<{tag}>{html.escape(str(value))}</{tag}>" for value in values) + "</tr>\n"

    style = "body{font-family:sans-serif;margin:2em;max-width:60em}td,th{text-align:left;padding:.3em .8em;border-bottom:1px solid #ccc}"
    path.write_text(
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<style>{style}</style></head><body>\n<h1>{html.escape(title)}</h1>\n<p>{html.escape(about)}</p>\n"
        f"<table>\n{row('th', columns)}{''.join(row('td', values) for values in rows)}</table>\n</body></html>\n",
        encoding="utf-8",
        errors="replace",
    )
