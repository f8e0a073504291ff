"""The command `grade`: what can be wrong is said before any work, what runs is shown from the first second, and what is done is kept."""

import ast
import datetime
import hashlib
import importlib
import json
import re
import secrets
import shutil
import sys
import threading
import tomllib
import warnings
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from course_utils import __version__
from course_utils.exercises.copies import ROOT, Problem, marks, student_copy, text, version

from . import isolation
from .collect import collect, homework_of
from .output import Output
from .rubric import rubric
from .run import Run
from .summary import ended, in_short, missed

CASES = 3  # random cases a question; all must be right
SHOWN = 3  # submissions named in the progress line, exercises in the words at the end


def grade(folder: Path, out: Path, seconds: int, memory: int, as_root: bool = False) -> str:
    """Grade the submissions in `folder`; write the table `out` and, beside it, pages and state. Returns the summary in a few lines.

    A submission may compute for `seconds` and take `memory` (MB). What is graded already is kept until its file or the homework changes.
    """
    submissions, skipped = collect(folder)
    homework = _homework(folder, submissions)
    isolation.refuse_root(as_root)
    output = Output(out, folder)
    kept = output.kept()
    if kept.get("homework", homework) != homework:
        raise Problem(f"{out} holds the grades of {kept['homework']}, and these are submissions of {homework}: choose another --out.")
    left_out = f", {len(skipped)} left out (the summary says why)" if skipped else ""
    _say(f"{homework}: {_count(len(submissions), 'submission')} in {folder}{left_out}. Loading the checks ...")
    lacks = isolation.lacks()
    for sentence in lacks:
        _say(f"Not held by this system: {sentence}")
    warnings.simplefilter("ignore")  # numpy's, about what students hand in
    module = importlib.import_module(f"course_utils.exercises.{homework}")
    state = {"homework": homework, "version": version(marks(module))}
    if state.items() <= kept.items():
        state = kept
    else:
        if kept:
            _say(f"The checks of {homework} have changed since {output.state} was written: everybody is graded anew.")
        state |= {"seeds": [secrets.randbits(32) for _ in range(CASES)], "values": _values(homework), "proven": False, "done": {}}
    with Run(homework, state["seeds"], state["values"], seconds, memory) as run:
        _prove(run, state)
        output.keep(state)
        _grade_all(run, state, submissions, output)
    results = {student: state["done"][student] for student in submissions}
    worth = rubric(homework, module, student_copy(homework))
    foot = f"with course {__version__}, checks {state['version']}: every answer on {CASES} random cases, the same for everybody."
    output.report(results, worth, skipped, lacks, foot)
    return _words(results, worth, skipped, lacks, output)


def _homework(folder, submissions):
    """The homework that most submissions say they are."""
    named = Counter(filter(None, map(homework_of, submissions.values())))
    if not named:
        raise Problem(f"No notebook in {folder} is a homework of the course: the students hand in the copy that `start` gave them.")
    homework = named.most_common(1)[0][0]
    student_copy(homework)  # a Problem if there is no such homework
    return homework


def _values(homework):
    """What the parameters are for everybody: the tests' small sizes, and the SEED of the homework itself."""
    known = ROOT / "tests/notebook_params.toml"
    small = tomllib.loads(known.read_text(encoding="utf-8")) if known.exists() else {}
    cells = json.loads(student_copy(homework).read_text(encoding="utf-8"))["cells"]
    seed = re.search(r"^SEED = (\d+)", "\n".join(text(cell) for cell in cells if cell["cell_type"] == "code"), re.M)
    return small.get(homework, {}).get("tiny", {}) | ({"SEED": ast.literal_eval(seed[1])} if seed else {})


def _prove(run, state):
    """Grade the solution first: it must be right on these cases. Problem if it is not, or is not there."""
    if state["proven"]:
        return
    solution = next((ROOT / "notebooks/solutions").glob(f"{run.homework}_*.ipynb"), None)
    if not solution:
        raise Problem(f"notebooks/solutions holds no {run.homework}: run python -m notebooks.build build {run.homework} first.")
    with _bar(desc="The solution first: ", total=1, unit="cells") as bar:

        def tell(at, of):
            bar.total, bar.n = of, at
            bar.refresh()

        rows = run.grade(solution, tell=tell, trusted=True)["rows"]
    if wrong := [f"{name} ({message})" for name, verdict, message in rows if verdict != "correct"]:
        raise Problem(f"The solution of {run.homework} itself is not correct, so nothing was graded: {'; '.join(wrong)}")
    state["proven"] = True


def _grade_all(run, state, submissions, output):
    """Grade what is not graded yet, several at a time; whatever happens with one, the others go on."""
    done, limits = state["done"], [run.seconds, run.memory]
    digests = {student: _digest(path) for student, path in submissions.items()}

    def fresh(student):
        old = done.get(student, {})
        return old.get("sha256") != digests[student] or (old["ended"] and old["limits"] != limits)

    todo = [student for student in submissions if fresh(student)]
    before = len(submissions) - len(todo)
    if before:
        _say(f"{before} of {len(submissions)} are graded already; {len(todo)} to go.")
    working = {}
    with ThreadPoolExecutor(run.workers) as pool, _bar(total=len(submissions), initial=before, unit="submissions") as bar:

        def one(student):
            def tell(at, of):
                working[student] = f"{student:.20} {at}/{of}"
                bar.set_postfix_str(", ".join(list(working.values())[:SHOWN]), refresh=False)

            try:
                return run.grade(submissions[student], tell=tell)
            finally:
                working.pop(student, None)
                bar.set_postfix_str(", ".join(list(working.values())[:SHOWN]), refresh=False)

        jobs = {pool.submit(one, student): student for student in todo}
        try:
            for job in as_completed(jobs):
                student = jobs[job]
                try:
                    result = job.result()
                except Exception as error:
                    result = run.not_run(f"The grader could not go on with this file ({type(error).__name__}: {error}).")
                done[student] = result | {"sha256": digests[student], "limits": limits, "date": datetime.date.today().isoformat()}
                output.keep(state)
                bar.update()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            run.close()
            raise


def _digest(path):
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:  # `Run.grade` says so in its rows
        return "unreadable"


def _words(results, worth, skipped, lacks, output):
    """What the teacher reads in the terminal when all is done."""
    lines = [in_short(results, worth)]
    for exercise, counts, mistakes in missed(results, worth)[:SHOWN]:
        if counts["correct"] < len(results):
            often = f" Most often: {mistakes[0][0]}" if mistakes else ""
            lines.append(f"Missed: {exercise.heading}: {counts['correct']} of {len(results)} right.{often}")
    lines += [f"Ended: {line}" for line in ended(results)]
    lines += [f"Left out: {name}: {reason}" for name, reason in skipped]
    lines += [f"Not held by this system: {line}" for line in lacks]
    lines += [f"Open {output.summary} first. {output.pages} holds a page for each student; {output.table} and {output.scores} are tables."]
    return "\n".join(lines)


@contextmanager
def _bar(**settings) -> Iterator[tqdm]:
    """A progress line whose clock runs while nothing else changes: on a terminal always, in a file every 15 s."""
    form = "{desc}{percentage:3.0f}% {bar} {n_fmt}/{total_fmt} {unit} | {elapsed} gone, {remaining} to go{postfix}"
    over = threading.Event()

    def tick():
        while not over.wait(0.5 if sys.stderr.isatty() else 15):
            bar.refresh()

    with tqdm(**settings, bar_format=form, ncols=shutil.get_terminal_size().columns - 1, nrows=20, smoothing=0) as bar:
        threading.Thread(target=tick, daemon=True).start()
        try:
            yield bar
        finally:
            over.set()


def _count(number, what):
    return f"{number} {what}{'s' * (number != 1)}"


def _say(line):
    print(line, file=sys.stderr, flush=True)
